package falcon.prune;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every public member of the library has a doc comment, and every component of a public record is
/// explained there.
class PublicDocsTest {
  private static final Path SOURCES = Path.of("src/main/java/falcon/prune");

  @ParameterizedTest(name = "falcon.prune {0}")
  @ValueSource(
      strings = {
        "",
        "evaluation",
        "method",
        "options",
        "plan",
        "report",
        "resources",
        "run",
        "storage"
      })
  void everyPublicMemberHasADoc(String room) throws IOException {
    assertThat(undocumented(SOURCES.resolve(room))).isEmpty();
  }

  private static List<String> undocumented(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
    assertThat(files).isNotEmpty();
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (var manager = compiler.getStandardFileManager(null, null, null)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null, manager, null, null, null, manager.getJavaFileObjectsFromPaths(files));
      var scanner = new Scanner(DocTrees.instance(task));
      for (CompilationUnitTree unit : task.parse()) {
        scanner.scan(unit, null);
      }
      return scanner.undocumented;
    }
  }

  /// Goes through what is public, and not into what is not.
  private static final class Scanner extends TreePathScanner<@Nullable Void, @Nullable Void> {
    private final List<String> undocumented = new ArrayList<>();
    private final DocTrees docs;

    Scanner(DocTrees docs) {
      this.docs = docs;
    }

    @Override
    public @Nullable Void visitClass(ClassTree type, @Nullable Void unused) {
      if (!isPublic(type.getModifiers())) {
        return null;
      }
      require(type.getSimpleName().toString());
      if (type.getKind() == Tree.Kind.RECORD) {
        Set<String> explained = explained();
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field
              && !field.getModifiers().getFlags().contains(Modifier.STATIC)
              && !explained.contains(field.getName().toString())) {
            undocumented.add(type.getSimpleName() + ", component " + field.getName());
          }
        }
      }
      return super.visitClass(type, null);
    }

    @Override
    public @Nullable Void visitMethod(MethodTree method, @Nullable Void unused) {
      boolean isOverride =
          method.getModifiers().getAnnotations().stream()
              .anyMatch(note -> note.getAnnotationType().toString().equals("Override"));
      if (isPublic(method.getModifiers()) && !isOverride) {
        require(method.getName().toString());
      }
      return null;
    }

    @Override
    public @Nullable Void visitVariable(VariableTree field, @Nullable Void unused) {
      if (isPublic(field.getModifiers())) {
        require(field.getName().toString());
      }
      return null;
    }

    /// Members of interfaces are public without saying so.
    private boolean isPublic(ModifiersTree modifiers) {
      TreePath parent = getCurrentPath().getParentPath();
      return modifiers.getFlags().contains(Modifier.PUBLIC)
          || (parent.getLeaf().getKind() == Tree.Kind.INTERFACE
              && !modifiers.getFlags().contains(Modifier.PRIVATE));
    }

    private void require(String name) {
      String text = docs.getDocComment(getCurrentPath());
      if (text == null || text.isBlank()) {
        undocumented.add(enclosing() + name);
      }
    }

    private String enclosing() {
      Tree parent = getCurrentPath().getParentPath().getLeaf();
      return parent instanceof ClassTree type ? type.getSimpleName() + "." : "";
    }

    private Set<String> explained() {
      var names = new HashSet<String>();
      DocCommentTree doc = docs.getDocCommentTree(getCurrentPath());
      if (doc != null) {
        doc.getBlockTags().stream()
            .filter(ParamTree.class::isInstance)
            .map(tag -> ((ParamTree) tag).getName().toString())
            .forEach(names::add);
      }
      return names;
    }
  }
}
