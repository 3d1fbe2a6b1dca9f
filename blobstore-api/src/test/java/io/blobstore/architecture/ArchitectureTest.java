package io.blobstore.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.blobstore.BlobStore;
import io.blobstore.contract.ModuleClasses;
import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Asserts on the compiled classes the rules that each {@code package-info.java} of this module states. */
class ArchitectureTest {
    private static final Class<?> IN_THIS_MODULE = BlobStore.class;

    /** The packages that each package may depend on, as its package-info says. */
    private static final Map<String, List<String>> MAY_DEPEND_ON = Map.ofEntries(
            entry(
                    "io.blobstore",
                    List.of(
                            "io.blobstore.spi",
                            "io.blobstore.internal.buffer",
                            "io.blobstore.internal.concurrent",
                            "io.blobstore.internal.file")),
            entry(
                    "io.blobstore.directory",
                    List.of(
                            "io.blobstore",
                            "io.blobstore.transfer",
                            "io.blobstore.internal.buffer",
                            "io.blobstore.internal.concurrent",
                            "io.blobstore.internal.file",
                            "org.slf4j")),
            entry("io.blobstore.internal.buffer", List.of()),
            entry("io.blobstore.internal.concurrent", List.of()),
            entry("io.blobstore.internal.file", List.of("org.slf4j")),
            entry("io.blobstore.internal.mem", List.of("io.blobstore", "io.blobstore.spi")),
            entry("io.blobstore.internal.memory", List.of("org.slf4j")),
            entry("io.blobstore.internal.prefetch", List.of("io.blobstore.internal.buffer")),
            entry(
                    "io.blobstore.memory",
                    List.of("io.blobstore", "io.blobstore.internal.memory", "io.blobstore.internal.file", "org.slf4j")),
            entry("io.blobstore.spi", List.of("io.blobstore", "org.slf4j")),
            entry(
                    "io.blobstore.transfer",
                    List.of(
                            "io.blobstore",
                            "io.blobstore.spi",
                            "io.blobstore.internal.prefetch",
                            "io.blobstore.internal.buffer",
                            "io.blobstore.internal.concurrent",
                            "io.blobstore.internal.file",
                            "org.slf4j")));

    private static final ModuleClasses MODULE = ModuleClasses.of(IN_THIS_MODULE);
    private static final JavaClasses CLASSES = MODULE.classes();

    private static boolean isInternal(String packageName) {
        return Arrays.asList(packageName.split("\\.")).contains("internal");
    }

    @Test
    void packagesDependOnTheDocumentedOnesOnly() {
        assertThat(MODULE.packages()).isEqualTo(new TreeSet<>(MAY_DEPEND_ON.keySet()));
        MAY_DEPEND_ON.forEach((name, others) -> MODULE.requireDependencies(name, others.toArray(String[]::new)));
    }

    @Test
    void packagesDocumentTheirDependencies() throws IOException {
        for (Map.Entry<String, List<String>> entry : MAY_DEPEND_ON.entrySet()) {
            String source = Files.readString(
                    Path.of("src", "main", "java", entry.getKey().replace('.', '/'), "package-info.java"));
            String sentence = source.substring(source.indexOf("ay depend on")).split("\\.\\s", 2)[0];
            for (String other : entry.getValue()) {
                assertThat(sentence)
                        .as("package-info of %s", entry.getKey())
                        .contains(other.equals("org.slf4j") ? "slf4j" : "{@code " + other + "}");
            }
            assertThat(sentence.contains("slf4j"))
                    .as("package-info of %s", entry.getKey())
                    .isEqualTo(entry.getValue().contains("org.slf4j"));
        }
    }

    @Test
    void packagesDependOnEachOtherOneWay() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass type) {
                        // The contract and its service-provider side refer to each other, as java.nio.file and its spi
                        // do.
                        String name = type.getPackageName();
                        return SliceIdentifier.of(name.equals("io.blobstore.spi") ? "io.blobstore" : name);
                    }

                    @Override
                    public String getDescription() {
                        return "packages";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void exactlyThePackagesThatAreNotInternalAreExported() throws IOException {
        ModuleDescriptor descriptor;
        try (InputStream file = Files.newInputStream(MODULE.location().resolve("module-info.class"))) {
            descriptor = ModuleDescriptor.read(file);
        }
        assertThat(descriptor.exports().stream()
                        .filter(export -> !export.isQualified())
                        .map(ModuleDescriptor.Exports::source))
                .containsExactlyInAnyOrderElementsOf(MODULE.packages().stream()
                        .filter(name -> !isInternal(name))
                        .toList());
        assertThat(descriptor.exports())
                .filteredOn(ModuleDescriptor.Exports::isQualified)
                .allMatch(export -> isInternal(export.source()))
                .flatExtracting(ModuleDescriptor.Exports::targets)
                .allMatch(module -> module.startsWith("io.blobstore."));
        assertThat(descriptor.opens()).isEmpty();
        assertThat(descriptor.isOpen()).isFalse();
    }

    // ---- public signatures

    private static final DescribedPredicate<JavaMember> VISIBLE_OUTSIDE = describe(
            "visible outside the module",
            member -> !isInternal(member.getOwner().getPackageName())
                    && isVisible(member.getOwner())
                    && isVisible(member.getModifiers()));

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static boolean isVisible(JavaClass type) {
        return isVisible(type.getModifiers())
                && type.getEnclosingClass().map(ArchitectureTest::isVisible).orElse(true);
    }

    private static <T extends JavaMember> ArchCondition<T> nameNoInternalType(Function<T, Stream<JavaType>> types) {
        return new ArchCondition<>("name no internal type") {
            @Override
            public void check(T member, ConditionEvents events) {
                types.apply(member)
                        .flatMap(type -> type.getAllInvolvedRawTypes().stream())
                        .filter(type -> isInternal(type.getPackageName()))
                        .forEach(type -> events.add(SimpleConditionEvent.violated(
                                member, member.getFullName() + " names " + type.getFullName())));
            }
        };
    }

    @Test
    void publicSignaturesNameNoInternalTypes() {
        codeUnits()
                .that(VISIBLE_OUTSIDE.forSubtype())
                .should(ArchitectureTest.<JavaCodeUnit>nameNoInternalType(unit -> Stream.of(
                                Stream.of(unit.getReturnType()),
                                unit.getParameterTypes().stream(),
                                unit.getExceptionTypes().stream().map(JavaType.class::cast),
                                unit.getTypeParameters().stream().map(JavaType.class::cast))
                        .flatMap(types -> types)))
                .check(CLASSES);
        fields().that(VISIBLE_OUTSIDE.forSubtype())
                .should(ArchitectureTest.<JavaField>nameNoInternalType(field -> Stream.of(field.getType())))
                .check(CLASSES);
        Set<JavaClass> exposing = CLASSES.stream()
                .filter(type -> !isInternal(type.getPackageName()) && isVisible(type))
                .filter(type -> Stream.concat(
                                type.getAllRawSuperclasses().stream(), type.getAllRawInterfaces().stream())
                        .anyMatch(supertype -> isInternal(supertype.getPackageName())
                                && supertype.getPackageName().startsWith(IN_THIS_MODULE.getPackageName())))
                .collect(toSet());
        assertThat(exposing).isEmpty();
    }

    // ---- conventions

    @Test
    void logsGoThroughSlf4jOnly() {
        noClasses().should(ACCESS_STANDARD_STREAMS).check(CLASSES);
        noClasses().should(USE_JAVA_UTIL_LOGGING).check(CLASSES);
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.System$Logger")
                .check(CLASSES);
    }

    @Test
    void nothingIsFinalized() {
        noMethods().should().haveName("finalize").check(CLASSES);
    }
}
