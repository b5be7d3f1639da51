package falcon.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/// Pages in a browser, where there is one: each test starts without requests and errors, and ends
/// without.
abstract class InBrowser {
  @TempDir private static Path profile;
  static Browser browser;

  @TempDir Path folder;

  @BeforeAll
  static void start() throws IOException {
    Path executable = Browser.executable();
    assumeTrue(executable != null, "chromium is not installed: apt-get install chromium");
    browser = new Browser(Objects.requireNonNull(executable), profile);
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
  }

  @BeforeEach
  void forget() {
    browser.requests.clear();
    browser.complaints.clear();
    browser.resize(1200, 900);
  }

  /// No page may ask for anything but itself, and none may have an error.
  @AfterEach
  void isSilent() {
    assertThat(browser.complaints).isEmpty();
    assertThat(browser.requests)
        .allSatisfy(url -> assertThat(url).matches("file:.*\\.html(#.*)?|data:,|about:blank"));
  }
}
