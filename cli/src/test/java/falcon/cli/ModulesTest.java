package falcon.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.core.domain.properties.HasModifiers.Predicates.modifier;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.constructors;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The dependencies between modules are acyclic, and what all of Falcon must not use stays out.
class ModulesTest {
  private static final String[] CORE = {
    "falcon.budget..",
    "falcon.projection..",
    "falcon.quadratic..",
    "falcon.gradients..",
    "falcon.leastsquares..",
    "falcon.linear..",
    "falcon.kernel.."
  };

  /// Packages of each module that other modules may import; all others are internal.
  private static final Map<String, List<String>> FACES =
      Map.of(
          "core",
          List.of(
              "falcon.budget",
              "falcon.projection",
              "falcon.projection.group",
              "falcon.projection.pattern",
              "falcon.quadratic",
              "falcon.gradients",
              "falcon.leastsquares",
              "falcon.linear",
              "falcon.kernel"),
          "model",
          List.of(
              "falcon.model",
              "falcon.model.operator",
              "falcon.model.shape",
              "falcon.model.layer",
              "falcon.model.format",
              "falcon.model.naming",
              "falcon.model.onnx",
              "falcon.model.safetensors",
              "falcon.model.stored",
              "falcon.model.zoo"),
          "data",
          List.of("falcon.data", "falcon.data.format"),
          "torch",
          List.of(
              "falcon.torch",
              "falcon.torch.curvature",
              "falcon.torch.execution",
              "falcon.torch.gradient",
              "falcon.torch.kernel",
              "falcon.torch.layer",
              "falcon.torch.reconstruction",
              "falcon.torch.sample",
              "falcon.torch.training"),
          "prune",
          List.of(
              "falcon.prune",
              "falcon.prune.costs",
              "falcon.prune.evaluation",
              "falcon.prune.method",
              "falcon.prune.options",
              "falcon.prune.page",
              "falcon.prune.plan",
              "falcon.prune.report",
              "falcon.prune.run",
              "falcon.prune.storage"),
          "simd",
          List.of("falcon.simd"),
          "runtime",
          List.of("falcon.runtime"),
          "cli",
          List.of());

  /// Parameters that a public constructor of prune's face has at most; what needs more is built by
  /// name.
  private static final int MAX_PARAMETERS = 5;

  static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("falcon");

  @ParameterizedTest(name = "{0}")
  @MethodSource({"arrows", "faces", "bans"})
  void holds(ArchRule rule) {
    rule.check(CLASSES);
  }

  static Stream<Named<ArchRule>> arrows() {
    return Stream.of(
        rule(
            "core knows itself and the JDK",
            classes()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .onlyDependOnClassesThat(
                    resideInAnyPackage(CORE).or(resideInAnyPackage("java..", "org.jspecify..")))),
        rule(
            "core opens no files",
            noClasses()
                .that()
                .resideInAnyPackage(CORE)
                .should()
                .dependOnClassesThat(resideInAnyPackage("java.nio.file..", "java.net.."))),
        rule("model knows no other module", knowsOfFalconOnly("falcon.model..", "falcon.model..")),
        rule(
            "runtime knows model only",
            knowsOfFalconOnly("falcon.runtime..", "falcon.runtime..", "falcon.model..")),
        rule("data knows no other module", knowsOfFalconOnly("falcon.data..", "falcon.data..")),
        rule(
            "torch knows no budgets",
            knowsOfFalconOnly(
                "falcon.torch..",
                "falcon.torch..",
                "falcon.model..",
                "falcon.data..",
                "falcon.gradients..",
                "falcon.linear..",
                "falcon.kernel..")),
        rule(
            "prune does not know cli",
            noClasses()
                .that()
                .resideInAPackage("falcon.prune..")
                .should()
                .dependOnClassesThat(resideInAPackage("falcon.cli.."))),
        rule(
            "cli knows prune, the readers, and what these give it",
            knowsOfFalconOnly(
                "falcon.cli..",
                "falcon.cli..",
                "falcon.runtime",
                "falcon.prune..",
                "falcon.model..",
                "falcon.data..",
                "falcon.budget..")),
        rule(
            "libtorch is touched in falcon.torch only",
            noClasses()
                .that()
                .resideOutsideOfPackage("falcon.torch..")
                .should()
                .dependOnClassesThat(resideInAPackage("org.bytedeco.."))),
        rule(
            "picocli is known in cli only",
            noClasses()
                .that()
                .resideOutsideOfPackage("falcon.cli..")
                .should()
                .dependOnClassesThat(resideInAPackage("picocli.."))));
  }

  static Stream<Named<ArchRule>> faces() {
    Stream<Named<ArchRule>> closed =
        FACES.entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(face -> closed(face.getKey(), face.getValue().toArray(String[]::new)));
    return Stream.concat(
        closed,
        Stream.of(
            rule(
                "packages import each other one way",
                slices().matching("falcon.(**)").should().beFreeOfCycles()),
            rule(
                "public constructors of prune's face take %d values at most: group or name more"
                    .formatted(MAX_PARAMETERS),
                constructors()
                    .that()
                    .arePublic()
                    .and()
                    .areDeclaredInClassesThat(
                        resideInAnyPackage(
                                Objects.requireNonNull(FACES.get("prune")).toArray(String[]::new))
                            .and(modifier(PUBLIC)))
                    .should(haveFewParameters()))));
  }

  private static ArchCondition<JavaConstructor> haveFewParameters() {
    return new ArchCondition<>("have at most %d parameters".formatted(MAX_PARAMETERS)) {
      @Override
      public void check(JavaConstructor constructor, ConditionEvents events) {
        int count = constructor.getRawParameterTypes().size();
        events.add(
            new SimpleConditionEvent(
                constructor,
                count <= MAX_PARAMETERS,
                "%s has %d parameters".formatted(constructor.getFullName(), count)));
      }
    };
  }

  private static Named<ArchRule> closed(String module, String... face) {
    return rule(
        "rooms of %s are entered from itself only".formatted(module),
        noClasses()
            .that(not(isOf(module)).and(not(resideInAPackage("falcon.benchmarks.."))))
            .should()
            .dependOnClassesThat(isOf(module).and(not(resideInAnyPackage(face)))));
  }

  private static DescribedPredicate<JavaClass> isOf(String module) {
    return module.equals("core")
        ? resideInAnyPackage(CORE)
        : resideInAPackage("falcon.%s..".formatted(module));
  }

  static Stream<Named<ArchRule>> bans() {
    return Stream.of(
        rule(
            "only cli prints: others report through Progress and exceptions",
            noClasses()
                .that()
                .resideOutsideOfPackage("falcon.cli..")
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")),
        rule(
            "the type of a tensor's elements is asked for by Torch.type: the binding's answers equal nothing",
            noClasses()
                .that()
                .resideInAPackage("falcon.torch..")
                .and()
                .doNotHaveSimpleName("Torch")
                .should()
                .callMethodWhere(
                    target(nameMatching("scalar_type"))
                        .as("ask the binding for a type of elements"))),
        rule(
            "only cli ends the process",
            noClasses()
                .that()
                .resideOutsideOfPackage("falcon.cli..")
                .should()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Runtime.class, "halt", int.class)),
        rule(
            "randomness comes from falcon.data.Seeds or a seeded SplittableRandom",
            noClasses()
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Random.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(ThreadLocalRandom.class)
                .orShould()
                .callMethod(Math.class, "random")),
        rule(
            "no reflection: constructors build the object tree",
            noClasses().should().dependOnClassesThat(resideInAPackage("java.lang.reflect.."))),
        rule(
            "threads are passed in (falcon.torch.kernel.Workers): no common pool",
            noClasses().should().callMethod(ForkJoinPool.class, "commonPool")),
        rule(
            "no incubator module outside falcon.simd and falcon.runtime.vector",
            noClasses()
                .that()
                .resideOutsideOfPackages("falcon.simd..", "falcon.runtime.vector..")
                .should()
                .dependOnClassesThat(resideInAPackage("jdk.incubator.."))),
        rule(
            "simd knows core only",
            knowsOfFalconOnly("falcon.simd..", "falcon.simd..", "falcon.kernel..")));
  }

  private static ArchRule knowsOfFalconOnly(String from, String... to) {
    return noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat(resideInAPackage("falcon..").and(not(resideInAnyPackage(to))));
  }

  private static Named<ArchRule> rule(String fact, ArchRule rule) {
    return Named.of(fact, rule.because(fact));
  }
}
