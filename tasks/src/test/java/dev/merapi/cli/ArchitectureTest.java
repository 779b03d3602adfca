package dev.merapi.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The arrows between the modules, and what none of them may use.
///
///     engine ◀── nn ◀── tasks ──▶ tokenizer
class ArchitectureTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", "."), "..");
    private static final List<String> MODULES = List.of("engine", "nn", "tokenizer", "tasks");

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter()
                .importPaths(MODULES.stream()
                        .map(module -> ROOT.resolve(module).resolve("target/classes"))
                        .toList());
    }

    @Test
    void engineDependsOnNothingButTheJdk() {
        noClasses()
                .that()
                .resideInAPackage("dev.merapi.engine..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages("dev.merapi.engine..", "java..", "jdk.incubator.vector..", "jcuda..")
                .check(classes);
    }

    /// One class, so that nothing else of the engine needs the optional dependency to be loaded.
    @Test
    void onlyOneClassUsesJCuda() {
        noClasses()
                .that()
                .haveNameNotMatching("dev\\.merapi\\.engine\\.cuda\\.JCudaBinding.*")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jcuda..")
                .check(classes);
    }

    @Test
    void tokenizerDependsOnNothing() {
        noClasses()
                .that()
                .resideInAPackage("dev.merapi.tokenizer..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages("dev.merapi.tokenizer..", "java..")
                .check(classes);
    }

    @Test
    void nnDependsOnTheEngineAndAJsonParser() {
        noClasses()
                .that()
                .resideInAPackage("dev.merapi.nn..")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "dev.merapi.nn..", "dev.merapi.engine..", "java..", "com.fasterxml.jackson.core..")
                .check(classes);
    }

    @Test
    void nobodyDependsOnTheCommand() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.merapi.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.merapi.cli..", "picocli..", "me.tongfei..")
                .check(classes);
    }

    @Test
    void metricsKnowNoModels() {
        noClasses()
                .that()
                .resideInAPackage("dev.merapi.metrics..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.merapi.nn..", "dev.merapi.engine..", "dev.merapi.tokenizer..", "dev.merapi.train..")
                .check(classes);
    }

    @Test
    void onlyTheSimdPackageUsesTheIncubatorModule() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.merapi.engine.simd..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.incubator..")
                .check(classes);
    }

    @Test
    void loggingGoesThroughSystemLoggerAndNothingIsReflective() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..", "java.lang.reflect..", "sun..")
                .check(classes);
    }

    @Test
    void everyModuleHasADescriptorAndEveryPackageAGuide() throws IOException {
        for (String module : MODULES) {
            Path sources = ROOT.resolve(module).resolve("src/main/java");
            assertEquals(true, Files.exists(sources.resolve("module-info.java")), module + " has a module-info.java");
            try (Stream<Path> files = Files.walk(sources)) {
                List<String> without = files.filter(file -> file.toString().endsWith(".java"))
                        .map(Path::getParent)
                        .distinct()
                        .filter(folder -> !folder.equals(sources) && !Files.exists(folder.resolve("package-info.java")))
                        .map(Path::toString)
                        .toList();
                assertEquals(List.of(), without, "packages without package-info.java");
            }
        }
    }
}
