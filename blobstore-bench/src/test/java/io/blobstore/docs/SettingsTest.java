package io.blobstore.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.blobstore.BlobStores;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page on configuration has every setting, no other, and the defaults that the code has. */
class SettingsTest {
    private static final Page PAGE = Page.of("docs/configuration.md");

    /** Classes with a builder that describe what there is, and set nothing. */
    private static final Set<String> NOT_SETTINGS = Set.of("BlobMetadata", "StoreCapabilities");

    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([\\w.]+)` \\| (.*) \\| (.*) \\|$");

    /** Returns the rows of each table, meaning and default by setting, by the heading before it. */
    private static Map<String, Map<String, List<String>>> tables(Page page) {
        Map<String, Map<String, List<String>>> tables = new TreeMap<>();
        for (String section : page.text().split("(?m)^#+ ")) {
            Map<String, List<String>> rows = new TreeMap<>();
            ROW.matcher(section).results().forEach(row -> rows.put(row.group(1), List.of(row.group(2), row.group(3))));
            tables.put(section.lines().findFirst().orElse("").replace("`", ""), rows);
        }
        return tables;
    }

    // ---- builders

    private static List<Class<?>> buildersOfSettings() throws Exception {
        List<Class<?>> builders = new ArrayList<>();
        for (Path source : sources()) {
            String path = source.toString();
            if (path.contains("/blobstore-bench/")
                    || path.contains("/blobstore-http/")
                    || path.contains("/internal/")) {
                continue;
            }
            String text = Files.readString(source);
            String name = source.getFileName().toString().replace(".java", "");
            if (text.contains("public static final class Builder") && !NOT_SETTINGS.contains(name)) {
                Matcher in = Pattern.compile("(?m)^package (.*);").matcher(text);
                assertThat(in.find()).isTrue();
                builders.add(Class.forName(in.group(1) + "." + name + "$Builder"));
            }
        }
        return builders;
    }

    /** Returns the names of the methods that set something. */
    private static Set<String> options(Class<?> builder) {
        Set<String> names = new TreeSet<>();
        for (Method method : builder.getMethods()) {
            if (method.getReturnType().isAssignableFrom(builder)
                    && method.getDeclaringClass() != Object.class
                    && !Modifier.isStatic(method.getModifiers())) {
                names.add(method.getName());
            }
        }
        return names;
    }

    @Test
    void thePageHasEveryOptionOfEveryBuilderAndNoOther() throws Exception {
        List<Class<?>> builders = buildersOfSettings();
        assertThat(builders).hasSizeGreaterThan(20);
        Map<String, Map<String, List<String>>> tables = tables(PAGE);
        List<String> missing = new ArrayList<>();
        for (Class<?> builder : builders) {
            String name = builder.getEnclosingClass().getSimpleName();
            Map<String, List<String>> rows = tables.getOrDefault(name, Map.of());
            Set<String> options = options(builder);
            options.stream()
                    .filter(option -> !rows.containsKey(option))
                    .forEach(option -> missing.add("add a row to '### `" + name + "`': | `" + option + "` | … | … |"));
            rows.keySet().stream()
                    .filter(row -> !options.contains(row))
                    .forEach(row -> missing.add("there is no " + name + ".Builder." + row));
        }
        assertThat(missing).as(PAGE.toString()).isEmpty();
    }

    @Test
    void theDefaultsAreThoseOfTheCode() throws Exception {
        Map<String, Map<String, List<String>>> tables = tables(PAGE);
        List<String> wrong = new ArrayList<>();
        int compared = 0;
        for (Class<?> builder : buildersOfSettings()) {
            Class<?> type = builder.getEnclosingClass();
            Optional<Object> defaults = defaults(type);
            if (defaults.isEmpty()) {
                continue;
            }
            for (Map.Entry<String, List<String>> row :
                    tables.getOrDefault(type.getSimpleName(), Map.of()).entrySet()) {
                Optional<String> value = value(defaults.get(), row.getKey());
                String said = row.getValue().get(1);
                if (value.isPresent()) {
                    compared++;
                    if (!said.equals(value.get())
                            && !said.startsWith(value.get() + ":")
                            && !isProcessors(said, value.get())) {
                        wrong.add(type.getSimpleName() + "." + row.getKey() + " is " + value.get() + ", not " + said);
                    }
                }
            }
        }
        assertThat(wrong).as(PAGE.toString()).isEmpty();
        assertThat(compared).isGreaterThan(30);
    }

    private static boolean isProcessors(String said, String value) {
        return said.equals("the number of processors")
                && value.equals(String.valueOf(Runtime.getRuntime().availableProcessors()));
    }

    private static Optional<Object> defaults(Class<?> type) throws ReflectiveOperationException {
        try {
            return Optional.of(type.getField("DEFAULT").get(null));
        } catch (NoSuchFieldException e) {
            return Optional.empty();
        }
    }

    /** Returns the value of an option as the page writes it; empty if it is not a number, a duration or a switch. */
    private static Optional<String> value(Object options, String name) throws ReflectiveOperationException {
        Method getter;
        try {
            getter = options.getClass().getMethod(name);
        } catch (NoSuchMethodException e) {
            return Optional.empty();
        }
        Object value = getter.invoke(options);
        if (value instanceof Duration duration) {
            return Optional.of(
                    duration.toMillis() % 1000 != 0
                            ? duration.toMillis() + " ms"
                            : duration.toSeconds() % 60 != 0 || duration.isZero()
                                    ? duration.toSeconds() + " s"
                                    : duration.toMinutes() + " min");
        }
        if (value instanceof Long || value instanceof Integer) {
            long number = ((Number) value).longValue();
            for (int unit = 3; unit > 0; unit--) {
                if (number > 0 && number % (1L << 10 * unit) == 0) {
                    return Optional.of((number >> 10 * unit)
                            + List.of("", " KiB", " MiB", " GiB").get(unit));
                }
            }
            return Optional.of(String.valueOf(number));
        }
        return value instanceof Boolean || value instanceof Double ? Optional.of(value.toString()) : Optional.empty();
    }

    // ---- URIs

    /** A URI with an unknown parameter is refused with the names of those that are known. */
    @ParameterizedTest
    @CsvSource({
        "file:, file:/nowhere, docs/local-stores.md",
        "s3:, s3://bucket, docs/s3.md",
        "gs:, gs://bucket, docs/google-cloud-storage.md",
        "cache:, cache:/nowhere, docs/caching.md"
    })
    void thePageHasEveryParameterOfAUriAsTheStoresPage(String scheme, String uri, String page) {
        String refusal =
                catchThrowable(() -> BlobStores.open(uri + "?unknown=1")).getMessage();
        Matcher known = Pattern.compile("known are \\[(.*)]").matcher(refusal);
        assertThat(known.find()).as(refusal).isTrue();

        Map<String, List<String>> rows = tables(PAGE).getOrDefault(scheme, Map.of());
        assertThat(rows.keySet())
                .as("the table '### `%s`' of %s", scheme, PAGE)
                .containsExactlyInAnyOrder(known.group(1).split(", "));
        Map<String, List<String>> own = new TreeMap<>();
        tables(Page.of(page)).values().forEach(own::putAll);
        rows.forEach((name, row) -> assertThat(own.get(name))
                .as("parameter '%s' in %s, as in %s", name, page, PAGE)
                .isEqualTo(row));
    }

    // ---- the process

    @Test
    void thePageHasEverySystemProperty() throws IOException {
        Set<String> used = new TreeSet<>();
        for (Path source : sources()) {
            Pattern.compile("PROPERTY = \"([\\w.]+)\"")
                    .matcher(Files.readString(source))
                    .results()
                    .map((MatchResult found) -> found.group(1))
                    .forEach(used::add);
        }
        assertThat(used).contains("io.blobstore.mapper", "io.blobstore.http.tlsEngine");
        used.forEach(property -> assertThat(PAGE.text()).contains("`" + property + "`"));
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> paths = Files.walk(Page.ROOT)) {
            return paths.filter(path -> path.toString().contains("/src/main/java/"))
                    .filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !path.toString().contains("/integrations/"))
                    .filter(path -> !path.toString().contains("/examples/"))
                    .sorted()
                    .toList();
        }
    }
}
