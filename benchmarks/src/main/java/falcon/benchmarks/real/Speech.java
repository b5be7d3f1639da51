package falcon.benchmarks.real;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/// Spoken phrases by `espeak-ng` (a Debian package of that name), 16,000 samples a second, with
/// noise.
final class Speech {
  static final int RATE = 16_000;

  private static final List<String> VOICES =
      List.of("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029");
  private static final List<String> SPEAKERS =
      List.of("", "+m1", "+m2", "+m3", "+m4", "+m5", "+m6", "+m7", "+f1", "+f2", "+f3", "+f4");

  /// Half the length of the filter that changes the rate, in samples.
  private static final int FILTER = 24;

  private final SplittableRandom random;

  Speech(long seed) {
    this.random = new SplittableRandom(seed);
  }

  /// Speaks a phrase with a voice, speed and pitch drawn at random.
  ///
  /// @return values from −1 to 1; silence before and after is cut off
  float[] spoken(String phrase) throws IOException {
    String voice =
        VOICES.get(random.nextInt(VOICES.size())) + SPEAKERS.get(random.nextInt(SPEAKERS.size()));
    var process =
        new ProcessBuilder(
                "espeak-ng",
                "-v",
                voice,
                "-s",
                Integer.toString(130 + random.nextInt(60)),
                "-p",
                Integer.toString(30 + random.nextInt(40)),
                "--stdout",
                phrase)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    byte[] wave = process.getInputStream().readAllBytes();
    try (AudioInputStream sound =
        AudioSystem.getAudioInputStream(
            new BufferedInputStream(new ByteArrayInputStream(withLength(wave))))) {
      ByteBuffer bytes = ByteBuffer.wrap(sound.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
      var samples = new float[bytes.remaining() / Short.BYTES];
      for (int i = 0; i < samples.length; i++) {
        samples[i] = bytes.getShort() / 32_768f;
      }
      return trimmed(resampled(samples, sound.getFormat().getSampleRate()));
    } catch (UnsupportedAudioFileException e) {
      throw new IOException(
          "espeak-ng spoke no '%s': %s"
              .formatted(phrase, new String(wave, StandardCharsets.US_ASCII)),
          e);
    }
  }

  /// Writes the true lengths into the header of a WAV stream, which does not know them.
  private static byte[] withLength(byte[] wave) {
    if (wave.length > 44) {
      ByteBuffer header = ByteBuffer.wrap(wave).order(ByteOrder.LITTLE_ENDIAN);
      header.putInt(4, wave.length - 8);
      header.putInt(40, wave.length - 44);
    }
    return wave;
  }

  /// Puts speech at the end of a clip, with a pause behind it, and adds noise.
  ///
  /// @param length length of the clip in samples; what does not fit is cut off in front
  /// @return values from −1 to 1
  float[] clip(float[] speech, int length) {
    var sound = new float[length];
    int end = length - RATE / 10 - random.nextInt(RATE / 5);
    double gain = 0.3 + 0.7 * random.nextDouble();
    for (int i = 0; i < Math.min(end, speech.length); i++) {
      sound[end - 1 - i] = (float) (gain * speech[speech.length - 1 - i]);
    }
    double strength = 0.001 * Math.pow(10, 1.3 * random.nextDouble());
    double smooth = 0.9 * random.nextDouble();
    double state = 0;
    for (int i = 0; i < length; i++) {
      state = smooth * state + (1 - smooth) * random.nextGaussian();
      sound[i] = (float) Math.clamp(sound[i] + strength * state / (1 - smooth), -1, 1);
    }
    return sound;
  }

  /// Changes the rate to [#RATE] by a windowed sinc.
  private static float[] resampled(float[] samples, double rate) {
    double step = rate / RATE;
    double cut = Math.min(1, 1 / step);
    var result = new float[(int) (samples.length / step)];
    for (int i = 0; i < result.length; i++) {
      double centre = i * step;
      double sum = 0;
      for (int j = (int) centre - FILTER + 1; j <= (int) centre + FILTER; j++) {
        if (j >= 0 && j < samples.length) {
          double x = (centre - j) * cut * Math.PI;
          double window = Math.cos((centre - j) / (FILTER + 1) * Math.PI / 2);
          sum += samples[j] * cut * (x == 0 ? 1 : Math.sin(x) / x) * window;
        }
      }
      result[i] = (float) sum;
    }
    return result;
  }

  private static float[] trimmed(float[] samples) {
    int from = 0;
    int to = samples.length;
    while (from < to && Math.abs(samples[from]) < 0.01) {
      from++;
    }
    while (to > from && Math.abs(samples[to - 1]) < 0.01) {
      to--;
    }
    return Arrays.copyOfRange(samples, from, to);
  }
}
