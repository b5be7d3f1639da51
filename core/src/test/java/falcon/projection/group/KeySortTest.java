package falcon.projection.group;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeySortTest {
  @ParameterizedTest(name = "{0} keys of {1} bits from bit {2} on")
  @CsvSource({
    "0,1,0",
    "1,8,0",
    "1000,31,0",
    "5000,0,0",
    "5000,4,0",
    "5000,11,0",
    "5000,12,3",
    "5000,22,9",
    "5000,31,0",
    "70000,18,13"
  })
  void keysAreSortedAndTheOthersStay(int count, int bits, int from) {
    SplittableRandom random = new SplittableRandom(count + bits);
    int[] keys = new int[count + 20];
    for (int n = 0; n < keys.length; n++) {
      keys[n] = (int) (random.nextLong(1L << bits) << from) & Integer.MAX_VALUE;
    }
    int[] wanted = keys.clone();
    Arrays.sort(wanted, 10, 10 + count);
    new KeySort(keys.length, 2).sort(keys, 10, 10 + count, 1);
    assertThat(keys).containsExactly(wanted);
  }
}
