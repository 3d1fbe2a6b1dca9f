package io.blobstore.contract;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;

/**
 * The compiled classes of a module, for tests of which packages may depend on which. Needs ArchUnit. Immutable.
 *
 * @param location the directory or jar that has them
 */
public record ModuleClasses(Path location, JavaClasses classes) {
    /** Reads the classes of the module that has a class. */
    public static ModuleClasses of(Class<?> type) {
        Path location;
        try {
            location = Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
        return new ModuleClasses(location, new ClassFileImporter().importPath(location));
    }

    /** Returns the names of the packages that have classes. */
    public Set<String> packages() {
        Set<String> packages = new TreeSet<>();
        for (JavaClass type : classes) {
            if (!type.getSimpleName().equals("module-info")) {
                packages.add(type.getPackageName());
            }
        }
        return packages;
    }

    /** Requires that a rule holds. */
    public void require(ArchRule rule) {
        rule.check(classes);
    }

    /**
     * Requires that a package, without those below it, is null-marked, and depends on itself, the JDK's {@code java..},
     * the annotations of JSpecify, and the given packages only.
     *
     * @param others names of packages; those with two dots at the end include the packages below
     */
    public void requireDependencies(String packageName, String... others) {
        requireDependencies(packageName, resideInAnyPackage(others));
    }

    /** Requires the same with a predicate for the classes on which the package may depend in addition. */
    public void requireDependencies(String packageName, DescribedPredicate<? super JavaClass> others) {
        assertThat(packages()).contains(packageName);
        require(ArchRuleDefinition.classes()
                .that()
                .resideInAPackage(packageName)
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage("java..", "org.jspecify.annotations")
                        .or(resideInAPackage(packageName))
                        .or(others)));
        assertThat(classes.getPackage(packageName).isAnnotatedWith(NullMarked.class))
                .as("package-info.java of %s is @NullMarked", packageName)
                .isTrue();
    }
}
