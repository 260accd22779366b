package dev.ficus.demo;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Holds the direction of dependencies: core, postgres, the four parts, starter and control plane,
 * demo.
 */
class ArchitectureTest {

  private static final JavaClasses FICUS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.ficus");

  // The lists come from List.of, which Error Prone cannot see here.
  @SuppressWarnings("ImmutableEnumChecker")
  private enum Part {
    CORE("dev.ficus.core", List.of()),
    POSTGRES("dev.ficus.postgres", List.of("dev.ficus.core")),
    RELAY("dev.ficus.relay", List.of("dev.ficus.core", "dev.ficus.postgres")),
    DUAL_WRITER("dev.ficus.dualwriter", List.of("dev.ficus.core", "dev.ficus.postgres")),
    READ_ROUTER("dev.ficus.readrouter", List.of("dev.ficus.core", "dev.ficus.postgres")),
    RECONCILER("dev.ficus.reconciler", List.of("dev.ficus.core", "dev.ficus.postgres")),
    STARTER(
        "dev.ficus.spring",
        List.of(
            "dev.ficus.core",
            "dev.ficus.postgres",
            "dev.ficus.dualwriter",
            "dev.ficus.readrouter")),
    CONTROL_PLANE(
        "dev.ficus.control",
        List.of(
            "dev.ficus.core",
            "dev.ficus.postgres",
            "dev.ficus.relay",
            "dev.ficus.dualwriter",
            "dev.ficus.readrouter",
            "dev.ficus.reconciler")),
    TESTKIT("dev.ficus.testkit", List.of("dev.ficus.core"));

    private final String root;
    private final List<String> mayUse;

    Part(String root, List<String> mayUse) {
      this.root = root;
      this.mayUse = mayUse;
    }

    private DescribedPredicate<JavaClass> forbidden() {
      return DescribedPredicate.describe(
          "classes of Ficus outside " + root + " and " + mayUse,
          type ->
              isIn(type, "dev.ficus")
                  && !isIn(type, root)
                  && mayUse.stream().noneMatch(allowed -> isIn(type, allowed)));
    }
  }

  private static boolean isIn(JavaClass type, String root) {
    String name = type.getPackageName();
    return name.equals(root) || name.startsWith(root + ".");
  }

  @ParameterizedTest
  @EnumSource(Part.class)
  void shouldDependOnlyOnPartsBelow(Part part) {
    assertThat(
            FICUS.that(
                DescribedPredicate.describe("in " + part.root, type -> isIn(type, part.root))))
        .as("classes of %s", part.root)
        .isNotEmpty();

    noClasses()
        .that()
        .resideInAPackage(part.root + "..")
        .should()
        .dependOnClassesThat(part.forbidden())
        .check(FICUS);
  }

  @Test
  void shouldNoticeADependencyInTheWrongDirection() {
    // The control plane uses postgres; judged by core's rule, that must be a violation.
    assertThatThrownBy(
            () ->
                noClasses()
                    .that()
                    .resideInAPackage(Part.CONTROL_PLANE.root + "..")
                    .should()
                    .dependOnClassesThat(Part.CORE.forbidden())
                    .check(FICUS))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void shouldKeepSpringOutOfCoreAndTheFourParts() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.ficus.core..",
            "dev.ficus.postgres..",
            "dev.ficus.relay..",
            "dev.ficus.dualwriter..",
            "dev.ficus.readrouter..",
            "dev.ficus.reconciler..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.springframework..")
        .check(FICUS);
  }

  @Test
  void shouldKeepJdbcOutOfCore() {
    noClasses()
        .that()
        .resideInAPackage("dev.ficus.core..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql..")
        .check(FICUS);
  }

  @Test
  void shouldKeepInternalPackagesToTheirOwnPart() {
    for (Part part : Part.values()) {
      noClasses()
          .that(DescribedPredicate.describe("outside " + part.root, type -> !isIn(type, part.root)))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(part.root + ".internal..")
          .check(FICUS);
    }
  }

  @Test
  void shouldNamePackagesByWhatTheyAreFor() {
    classes()
        .should()
        .resideOutsideOfPackages(
            "..util..", "..common..", "..helper..", "..manager..", "..impl..", "..types..")
        .check(FICUS);
  }
}
