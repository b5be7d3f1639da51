package falcon.benchmarks.real;

import falcon.benchmarks.real.OnnxRuntime.Constant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The networks of the table, and the samples that they are tried on. Training and test samples are
/// made of different sentences and drawn from different seeds.
final class RealNetworks {
  private static final int LINE_WIDTH = 192;
  private static final int PAGE = 224;
  private static final int TOKENS = 32;

  /// Spoken phrases of each word in the training part, and in the test part.
  private static final int TRAIN_PHRASES = 24;

  private static final int TEST_PHRASES = 12;

  private final Path folder;
  private final Path text;
  private @Nullable WakeWords trainWords;
  private @Nullable WakeWords testWords;

  /// @param folder the folder that `models/real.sh` fills
  /// @param text folder with `train.tsv` and `test.tsv`: sentence, tab, 0 or 1
  RealNetworks(Path folder, Path text) {
    this.folder = folder;
    this.text = text;
  }

  List<RealNetwork> all() {
    var rate = new Constant(List.of(), true, Speech.RATE);
    var state = new Constant(List.of(2L, 1L, 128L), false, 0);
    var half = new Constant(List.of(2L, 1L, 64L), false, 0);
    List<String> streaming = List.of("--input", "sr=16000", "--input", "state=zeros");
    Map<String, Constant> streamed = Map.of("sr", rate, "state", state);
    return List.of(
        new RealNetwork(
            "ppocr_cls",
            "is a line of text upside down",
            "3,48," + LINE_WIDTH,
            Truth.CLASSES,
            isTest -> lines(isTest).lines("x", 500, LINE_WIDTH, true)),
        new RealNetwork(
            "ppocr_rec",
            "reads a line of text",
            "3,48," + LINE_WIDTH,
            Truth.CHARACTERS,
            isTest -> lines(isTest).lines("x", isTest ? 100 : 160, LINE_WIDTH, false)),
        new RealNetwork(
            "ppocr_det",
            "finds text on a page",
            "3,%d,%d".formatted(PAGE, PAGE),
            Truth.NONE,
            isTest -> lines(isTest).pages("x", isTest ? 50 : 100, PAGE)),
        new RealNetwork(
            "silero_v5",
            "detects speech",
            "input=576",
            streaming,
            streamed,
            Truth.CLASSES,
            isTest -> words(isTest).speech(isTest ? 500 : 600, 576)),
        new RealNetwork(
            "silero_v6",
            "detects speech",
            "input=576",
            streaming,
            streamed,
            Truth.CLASSES,
            isTest -> words(isTest).speech(isTest ? 500 : 600, 576)),
        new RealNetwork(
            "silero_legacy",
            "detects speech",
            "input=1536",
            List.of("--input", "sr=16000", "--input", "h=zeros", "--input", "c=zeros"),
            Map.of("sr", rate, "h", half, "c", half),
            Truth.NONE,
            isTest -> words(isTest).speech(isTest ? 500 : 600, 1536)),
        new RealNetwork(
            "melspectrogram",
            "spectrogram of sound",
            "" + Speech.RATE,
            Truth.NONE,
            isTest -> words(isTest).sounds(isTest ? 64 : 128)),
        new RealNetwork(
            "embedding_model",
            "embeds speech",
            "",
            Truth.NONE,
            isTest -> words(isTest).spectrograms(isTest ? 256 : 512)),
        wakeWord("alexa", "alexa", 16),
        wakeWord("hey_mycroft", "mycroft", 16),
        wakeWord("hey_jarvis", "jarvis", 16),
        wakeWord("hey_rhasspy", "rhasspy", 16),
        wakeWord("weather", "weather", 22),
        wakeWord("timer", "timer", 34),
        wakeWord("hello_deepa", "deepa", 25),
        new RealNetwork(
            "blazeface_front",
            "finds faces",
            "",
            Truth.NONE,
            isTest -> scenes(isTest).faces("x", isTest ? 128 : 256, 128)),
        new RealNetwork(
            "blazeface_back",
            "finds faces",
            "",
            Truth.NONE,
            isTest -> scenes(isTest).faces("x", isTest ? 64 : 128, 256)),
        new RealNetwork(
            "mlsd_tiny",
            "finds straight lines",
            "",
            Truth.NONE,
            isTest -> scenes(isTest).edges("x", isTest ? 24 : 48, 320)),
        encoder("minilm", "minilm"),
        encoder("minilm_q", "minilm"),
        encoder("e5_q", "e5_q"),
        encoder("bge_q", "e5_q"));
  }

  /// Returns the judge of a network, or null if nothing is known of its samples.
  ///
  /// @param outputs the dense network's outputs for the training samples, needed for sentences
  @Nullable Judge judge(RealNetwork network, List<float[]> outputs, SampleSet train)
      throws IOException {
    return switch (network.truth()) {
      case NONE -> null;
      case CLASSES -> Judge::classes;
      case CHARACTERS -> new CharacterJudge(folder.resolve("ppocr_keys.txt"));
      case SENTENCES -> new SentenceJudge(outputs, train);
    };
  }

  private RealNetwork wakeWord(String name, String word, int length) {
    return new RealNetwork(
        name,
        word.equals("timer") ? "which timer is asked for" : "hears “%s”".formatted(word),
        "",
        Truth.CLASSES,
        isTest -> words(isTest).classified(word, length));
  }

  private RealNetwork encoder(String name, String tokenizer) {
    return new RealNetwork(
        name,
        "embeds sentences",
        "input_ids=%1$d,attention_mask=%1$d,token_type_ids=%1$d".formatted(TOKENS),
        Truth.SENTENCES,
        isTest -> {
          List<String> rows = rows(isTest).subList(0, isTest ? 500 : 1_000);
          return new WordPieces(folder.resolve(tokenizer + "-tokenizer.json"))
              .encoded(
                  rows.stream().map(RealNetworks::sentence).toList(),
                  rows.stream().map(row -> row.charAt(row.length() - 1) - '0').toList(),
                  TOKENS);
        });
  }

  private TextImages lines(boolean isTest) throws IOException {
    return new TextImages(sentences(isTest), seed(isTest));
  }

  private static Scenes scenes(boolean isTest) {
    return new Scenes(seed(isTest));
  }

  private WakeWords words(boolean isTest) throws Exception {
    WakeWords made = isTest ? testWords : trainWords;
    if (made == null) {
      int phrases = isTest ? TEST_PHRASES : TRAIN_PHRASES;
      made = WakeWords.of(phrases, sentences(isTest), folder, seed(isTest));
      if (isTest) {
        testWords = made;
      } else {
        trainWords = made;
      }
    }
    return made;
  }

  private static long seed(boolean isTest) {
    return isTest ? 2 : 1;
  }

  private List<String> sentences(boolean isTest) throws IOException {
    return rows(isTest).stream().map(RealNetworks::sentence).toList();
  }

  private static String sentence(String row) {
    return row.substring(0, row.indexOf('\t'));
  }

  private List<String> rows(boolean isTest) throws IOException {
    return Files.readAllLines(text.resolve(isTest ? "test.tsv" : "train.tsv")).stream()
        .filter(row -> !row.isBlank())
        .toList();
  }
}
