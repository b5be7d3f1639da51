package falcon.spark;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class SparkModuleTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("falcon");

  @Test
  void nothingElseKnowsSpark() {
    noClasses()
        .that()
        .resideOutsideOfPackage("falcon.spark..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("falcon.spark..", "org.apache.spark..", "scala..")
        .check(CLASSES);
  }

  @Test
  void sparkKnowsNeitherMathematicsNorLibtorch() {
    noClasses()
        .that()
        .resideInAPackage("falcon.spark..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bytedeco..", "falcon.projection..", "falcon.quadratic..")
        .check(CLASSES);
  }
}
