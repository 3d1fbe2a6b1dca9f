package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The metadata for native images has the form of GraalVM's schema 1.0.0 of {@code reachability-metadata.json}, names
 * what exists, and names everything that the module looks up by name.
 */
@Tag("jdk") // what exists depends on it
class NativeImageMetadataTest {
    private static final Set<String> TOP = Set.of("comment", "reflection", "resources");
    private static final Set<String> TYPE = Set.of("type", "methods", "fields");
    private static final Set<String> METHOD = Set.of("name", "parameterTypes");

    private static Path module(String name) {
        return Page.ROOT.resolve("blobstore-" + name + "/src/main");
    }

    private static String text(String module) throws IOException {
        return Files.readString(module(module)
                .resolve("resources/META-INF/native-image/io.blobstore/blobstore-" + module)
                .resolve("reachability-metadata.json"));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Map<String, Object> object, String field) {
        return (List<Map<String, Object>>) object.getOrDefault(field, List.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "fs", "s3"})
    void itHasTheFormOfTheSchema(String module) throws IOException {
        Map<String, Object> metadata =
                JSON.std.with(JSON.Feature.FAIL_ON_DUPLICATE_MAP_KEYS).mapFrom(text(module));

        assertThat(metadata.keySet()).isSubsetOf(TOP);
        for (Map<String, Object> type : list(metadata, "reflection")) {
            assertThat(type.keySet()).isSubsetOf(TYPE).contains("type");
            list(type, "methods").forEach(method -> assertThat(method.keySet()).isEqualTo(METHOD));
            list(type, "fields").forEach(field -> assertThat(field.keySet()).isEqualTo(Set.of("name")));
        }
        assertThat(list(metadata, "resources"))
                .allSatisfy(resource -> assertThat(resource.keySet()).isEqualTo(Set.of("glob")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "fs", "s3"})
    void whatItNamesExists(String module) throws Exception {
        Map<String, Object> metadata = JSON.std.mapFrom(text(module));
        List<String> missing = new ArrayList<>();
        for (Map<String, Object> entry : list(metadata, "reflection")) {
            Optional<Class<?>> type = type((String) entry.get("type"));
            if (type.isEmpty()) {
                missing.add((String) entry.get("type"));
                continue;
            }
            for (Map<String, Object> method : list(entry, "methods")) {
                if (!exists(type.get(), method)) {
                    missing.add(type.get().getName() + " " + method);
                }
            }
            for (Map<String, Object> field : list(entry, "fields")) {
                assertThat(type.get().getDeclaredField((String) field.get("name")))
                        .isNotNull();
            }
        }
        for (Map<String, Object> resource : list(metadata, "resources")) {
            assertThat(module(module).resolve("resources").resolve((String) resource.get("glob")))
                    .exists();
        }

        // What newer JDKs have, and older ones do not: virtual threads from 21 on, arenas from 22 on.
        missing.removeIf(name -> Runtime.version().feature() < 22 && name.contains("java.lang.foreign."));
        missing.removeIf(name -> Runtime.version().feature() < 21 && name.contains("newVirtualThreadPerTaskExecutor"));
        assertThat(missing).isEmpty();
    }

    private static Optional<Class<?>> type(String name) {
        try {
            return Optional.of(name.equals("long") ? long.class : Class.forName(name));
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    private static boolean exists(Class<?> type, Map<String, Object> method) {
        List<?> parameters = (List<?>) method.get("parameterTypes");
        Stream<? extends Executable> candidates = method.get("name").equals("<init>")
                ? Arrays.stream(type.getDeclaredConstructors())
                : Arrays.stream(type.getDeclaredMethods())
                        .filter(found -> found.getName().equals(method.get("name")));
        return candidates.anyMatch(found -> Arrays.stream(found.getParameterTypes())
                .map(Class::getName)
                .toList()
                .equals(parameters));
    }

    @ParameterizedTest
    @ValueSource(strings = {"api", "fs", "s3"})
    void itNamesWhatTheModuleLooksUp(String module) throws IOException {
        String metadata = text(module);
        Set<String> names = new TreeSet<>();
        try (Stream<Path> sources = Files.walk(module(module).resolve("java"))) {
            for (Path source :
                    sources.filter(path -> path.toString().endsWith(".java")).toList()) {
                Pattern.compile(
                                "(?:Class\\.forName|getMethod|getDeclaredField|getDeclaredMethod|getField)\\(\\s*\"([\\w.$]+)\""
                                        + "|\\.find(?:Static|Virtual|Special|Getter)\\(\\s*[\\w.]+,\\s*\"(\\w+)\"")
                        .matcher(Files.readString(source))
                        .results()
                        .map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                        .forEach(names::add);
            }
        }
        Files.readAllLines(module(module).resolve("resources/META-INF/services/io.blobstore.spi.BlobStoreProvider"))
                .forEach(names::add);

        assertThat(names).isNotEmpty();
        names.forEach(name -> assertThat(metadata).contains('"' + name + '"'));
    }
}
