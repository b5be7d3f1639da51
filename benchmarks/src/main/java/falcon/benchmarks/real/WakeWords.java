package falcon.benchmarks.real;

import ai.onnxruntime.OrtException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// Samples for openWakeWord's chain: clips of 16-bit sound, the spectrogram that its first network
/// makes of them, the embeddings that its second makes of those, and the classifiers of embeddings.
final class WakeWords {
  /// Length of a clip: 34 embeddings, the most that a classifier takes.
  private static final int LENGTH = 56_000;

  private static final int BANDS = 32;

  /// Frames of the spectrogram that an embedding sees, and from one to the next.
  private static final int WINDOW = 76;

  private static final int HOP = 8;
  private static final int EMBEDDING = 96;

  /// Clips of one spoken phrase: other noise, loudness and place.
  private static final int VARIANTS = 2;

  /// The loudest value of 16-bit sound.
  private static final int LOUDEST = 32_767;

  private static final String TIMER = "timer";
  private static final String OTHER = "";

  /// The phrases, by word.
  private static final Map<String, List<String>> PHRASES = phrases();

  private final Path folder;
  private final List<String> words = new ArrayList<>();
  private final List<float[]> sounds = new ArrayList<>();
  private final List<float[]> spectrograms = new ArrayList<>();
  private final List<float[]> embeddings = new ArrayList<>();
  private final long seed;

  private WakeWords(Path folder, long seed) {
    this.folder = folder;
    this.seed = seed;
  }

  private static Map<String, List<String>> phrases() {
    var phrases = new LinkedHashMap<String, List<String>>();
    phrases.put("alexa", List.of("Alexa"));
    phrases.put("mycroft", List.of("hey Mycroft"));
    phrases.put("jarvis", List.of("hey Jarvis"));
    phrases.put("rhasspy", List.of("hey Rhasspy"));
    phrases.put("deepa", List.of("hello Deepa"));
    phrases.put(
        "weather", List.of("what's the weather", "how's the weather", "what's today's weather"));
    phrases.put("timer1", List.of("set a timer for 1 minute", "create a 1 minute timer"));
    phrases.put("timer2", List.of("set a timer for 5 minutes", "create a 5 minute timer"));
    phrases.put("timer3", List.of("set a timer for 10 minutes", "create a 10 minute timer"));
    phrases.put("timer4", List.of("set a timer for 20 minutes", "create a 20 minute timer"));
    phrases.put("timer5", List.of("set a timer for 30 minutes", "create a 30 minute timer"));
    phrases.put("timer6", List.of("set a timer for 1 hour", "create a 1 hour timer"));
    return phrases;
  }

  /// @param each spoken phrases for each word
  /// @param folder folder with `melspectrogram.onnx` and `embedding_model.onnx`
  static WakeWords of(int each, List<String> sentences, Path folder, long seed) throws IOException {
    var made = new WakeWords(folder, seed);
    var speech = new Speech(seed);
    var random = new SplittableRandom(seed);
    var spoken = new LinkedHashMap<String, List<String>>(PHRASES);
    var others = new ArrayList<String>();
    for (int i = 0; i < 2 * each; i++) {
      String[] sentence = sentences.get(random.nextInt(sentences.size())).split(" ", -1);
      others.add(String.join(" ", Arrays.copyOf(sentence, Math.min(6, sentence.length))));
    }
    spoken.put(OTHER, others);
    for (Map.Entry<String, List<String>> word : spoken.entrySet()) {
      boolean isTimer = word.getKey().startsWith(TIMER);
      int phrases = word.getKey().equals(OTHER) ? others.size() : isTimer ? each / 3 : each;
      for (int i = 0; i < phrases; i++) {
        float[] voice = speech.spoken(word.getValue().get(i % word.getValue().size()));
        for (int variant = 0; variant < VARIANTS; variant++) {
          float[] sound = speech.clip(voice, LENGTH);
          for (int k = 0; k < LENGTH; k++) {
            sound[k] = Math.round(LOUDEST * sound[k]);
          }
          made.words.add(word.getKey());
          made.sounds.add(sound);
        }
      }
    }
    return made;
  }

  /// Computes the spectrograms and embeddings of all clips, once.
  private void embed() throws OrtException {
    if (!embeddings.isEmpty()) {
      return;
    }
    try (var spectrogram = new OnnxRuntime(folder.resolve("melspectrogram.onnx"), Map.of());
        var embedding = new OnnxRuntime(folder.resolve("embedding_model.onnx"), Map.of())) {
      for (float[] sound : sounds) {
        float[] bands = spectrogram.output(sound, 1, sound.length);
        for (int i = 0; i < bands.length; i++) {
          bands[i] = bands[i] / 10 + 2;
        }
        int windows = (bands.length / BANDS - WINDOW) / HOP + 1;
        var input = new float[windows * WINDOW * BANDS];
        for (int w = 0; w < windows; w++) {
          System.arraycopy(bands, w * HOP * BANDS, input, w * WINDOW * BANDS, WINDOW * BANDS);
        }
        spectrograms.add(bands);
        embeddings.add(embedding.output(input, windows, WINDOW, BANDS, 1));
      }
    }
  }

  /// Returns seconds of 16-bit sound, one of each of the first clips.
  SampleSet sounds(int count) {
    var random = new SplittableRandom(seed);
    var values = new ArrayList<float[]>();
    for (int i : drawn(count, random)) {
      int from = LENGTH - Speech.RATE - random.nextInt(Speech.RATE);
      values.add(Arrays.copyOfRange(sounds.get(i), from, from + Speech.RATE));
    }
    return SampleSet.unlabelled(new Column("x", List.of((long) Speech.RATE), false, values));
  }

  /// Returns windows of the spectrogram.
  SampleSet spectrograms(int count) throws OrtException {
    embed();
    var random = new SplittableRandom(seed);
    var values = new ArrayList<float[]>();
    for (int i : drawn(count, random)) {
      float[] bands = spectrograms.get(i);
      int from = random.nextInt(bands.length / BANDS - WINDOW) * BANDS;
      values.add(Arrays.copyOfRange(bands, from, from + WINDOW * BANDS));
    }
    return SampleSet.unlabelled(
        new Column("x", List.of((long) WINDOW, (long) BANDS, 1L), false, values));
  }

  /// Returns all clips of a word and as many others, as embeddings; a clip of the word is class 1,
  /// or its number for words that are numbered (`timer1`, …).
  ///
  /// @param length number of embeddings, the last ones of a clip
  SampleSet classified(String word, int length) throws OrtException {
    embed();
    var random = new SplittableRandom(seed);
    var chosen = new ArrayList<Integer>();
    for (int i = 0; i < words.size(); i++) {
      if (words.get(i).startsWith(word)) {
        chosen.add(i);
      }
    }
    int positives = chosen.size();
    for (int i : drawn(words.size(), random)) {
      if (!words.get(i).startsWith(word) && chosen.size() < 2 * positives) {
        chosen.add(i);
      }
    }
    shuffle(chosen, random);
    var values = new ArrayList<float[]>();
    var labels = new ArrayList<Integer>();
    for (int clip : chosen) {
      String found = words.get(clip);
      float[] all = embeddings.get(clip);
      values.add(Arrays.copyOfRange(all, all.length - length * EMBEDDING, all.length));
      labels.add(found.startsWith(word) ? number(found, word) : 0);
    }
    return SampleSet.of(
        new Column("x", List.of((long) length, (long) EMBEDDING), false, values), labels);
  }

  /// Returns pieces of clips for a detector of speech, half of them noise alone (class 0).
  SampleSet speech(int count, int length) {
    var random = new SplittableRandom(seed);
    var noise = new Speech(seed + 1);
    var values = new ArrayList<float[]>();
    var labels = new ArrayList<Integer>();
    for (int n = 0; n < count; n++) {
      boolean isSpeech = random.nextBoolean();
      float[] piece;
      do {
        if (!isSpeech) {
          piece = noise.clip(new float[0], length);
        } else {
          float[] sound = sounds.get(random.nextInt(sounds.size()));
          int from = random.nextInt(LENGTH - length);
          piece = Arrays.copyOfRange(sound, from, from + length);
          for (int i = 0; i < length; i++) {
            piece[i] /= LOUDEST;
          }
        }
      } while (isSpeech && power(piece) < 0.002);
      values.add(piece);
      labels.add(isSpeech ? 1 : 0);
    }
    return SampleSet.of(new Column("input", List.of((long) length), false, values), labels);
  }

  private static int number(String found, String word) {
    return found.length() == word.length() ? 1 : found.charAt(word.length()) - '0';
  }

  private static double power(float[] piece) {
    double sum = 0;
    for (float value : piece) {
      sum += value * value;
    }
    return sum / piece.length;
  }

  private List<Integer> drawn(int count, SplittableRandom random) {
    var order = new ArrayList<Integer>();
    for (int i = 0; i < words.size(); i++) {
      order.add(i);
    }
    shuffle(order, random);
    return order.subList(0, Math.min(count, order.size()));
  }

  private static void shuffle(List<Integer> order, SplittableRandom random) {
    for (int i = order.size() - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      order.set(i, order.set(other, order.get(i)));
    }
  }
}
