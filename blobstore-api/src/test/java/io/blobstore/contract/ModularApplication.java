package io.blobstore.contract;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.module.FindException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * An application that is a named module, which is compiled and run in a JVM of its own. Its module path and class path
 * consist of archives on the class path of the tests: under Maven, those that the build has packaged.
 */
public final class ModularApplication {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Path directory;
    private final List<Path> modulePath = new ArrayList<>();
    private final List<Path> classPath = new ArrayList<>();
    private final List<String> options = new ArrayList<>();

    /** Creates an application, without any dependency yet, that is compiled into a directory. */
    public ModularApplication(Path directory) {
        this.directory = directory;
    }

    /** An archive or a directory of classes, as a module path would have it: automatic modules are modules, too. */
    private record Archive(Path path, ModuleDescriptor module) {
        static Optional<Archive> of(Path path) {
            try {
                Set<ModuleReference> modules = ModuleFinder.of(path).findAll();
                return modules.stream().findAny().map(module -> new Archive(path, module.descriptor()));
            } catch (FindException e) { // no module can be made of it
                return Optional.empty();
            }
        }
    }

    private static Stream<Path> testClassPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(Files::exists);
    }

    /**
     * Adds modules of this library to the module path.
     *
     * @throws AssertionError if the class path of the tests has none of that name
     */
    public ModularApplication withModules(String... names) {
        for (String name : names) {
            modulePath.add(testClassPath()
                    .flatMap(path -> Archive.of(path).stream())
                    .filter(archive -> archive.module().name().equals(name))
                    .map(Archive::path)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("the class path has no module '" + name
                            + "': run this test where all modules are packaged, as ./mvnw verify does")));
        }
        return this;
    }

    /** Adds all archives of other projects whose module's name begins with one of some texts to the module path. */
    public ModularApplication withLibraries(String... prefixes) {
        testClassPath()
                .filter(path -> path.toString().endsWith(".jar"))
                .flatMap(path -> Archive.of(path).stream())
                .filter(archive -> Stream.of(prefixes).anyMatch(archive.module().name()::startsWith))
                .map(Archive::path)
                .forEach(modulePath::add);
        return this;
    }

    /** Adds those archives to the class path that match, and are not on the module path already. */
    public ModularApplication withClassPath(Predicate<Path> archive) {
        testClassPath()
                .filter(path -> !modulePath.contains(path) && archive.test(path))
                .forEach(classPath::add);
        return this;
    }

    /** Adds options of the {@code java} command. */
    public ModularApplication withOptions(String... added) {
        options.addAll(List.of(added));
        return this;
    }

    /**
     * Compiles the application and runs it to its end.
     *
     * @param descriptor the text of its {@code module-info.java}; the module's name is {@code application}
     * @param main the text of its class {@code application.Main}
     * @throws AssertionError if it does not compile, or takes longer than a minute
     */
    public ChildJvm.Exit run(String descriptor, String main, String... args) throws IOException, InterruptedException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        compile(descriptor, main, classes);
        Path output = directory.resolve("output");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx256m", "-ea"));
        command.addAll(options);
        command.addAll(List.of("--module-path", classes + File.pathSeparator + path(modulePath)));
        if (!classPath.isEmpty()) {
            command.addAll(List.of("--class-path", path(classPath)));
        }
        command.addAll(List.of("--module", "application/application.Main"));
        command.addAll(List.of(args));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
            throw new AssertionError("the application took longer than " + LIMIT + "; it printed:\n" + text(output));
        }
        return new ChildJvm.Exit(process.exitValue(), text(output));
    }

    private void compile(String descriptor, String main, Path classes) throws IOException {
        Path sources = Files.createDirectories(directory.resolve("sources/application"));
        Path info = Files.writeString(sources.resolveSibling("module-info.java"), descriptor);
        Path type = Files.writeString(sources.resolve("Main.java"), main);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> arguments =
                List.of("-proc:none", "--release", "17", "--module-path", path(modulePath), "-d", classes.toString());
        boolean success = compiler.getTask(
                        messages,
                        null,
                        null,
                        arguments,
                        null,
                        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)
                                .getJavaFileObjects(info, type))
                .call();
        if (!success) {
            throw new AssertionError("the application does not compile:\n" + messages);
        }
    }

    private static String path(List<Path> entries) {
        return entries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    private static String text(Path file) throws IOException {
        return Files.readString(file);
    }
}
