package io.blobstore.docs;

import io.blobstore.docs.Page.Block;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Compiles blocks of Java in documents. A block that declares types is a source file. Any other block is in a subclass
 * of a class with the names that examples use without declaring them: as members if it begins with an annotation or a
 * modifier, otherwise as the body of a method. Blocks with imports get no others.
 */
public final class JavaExamples {
    private static final Pattern UNIT = Pattern.compile(
            "(?m)^(?:import |package |@\\w+\\s|(?:public )?(?:final )?(?:class|interface|enum|record) )");
    private static final Pattern MEMBERS = Pattern.compile("\\A(?:@\\w+|public|protected|private|static)\\b");
    private static final Pattern OWN_IMPORTS = Pattern.compile("(?m)^import ");
    private static final Pattern TYPE =
            Pattern.compile("(?m)^public (?:final )?(?:class|interface|enum|record) (\\w+)");

    private JavaExamples() {}

    /** A block as a source file, whose lines have the numbers that they have in the page. */
    private static final class Source extends SimpleJavaFileObject {
        private final Block block;
        private final String text;

        private Source(String name, Block block, String text) {
            super(URI.create("string:///" + name + ".java"), Kind.SOURCE);
            this.block = block;
            this.text = text;
        }

        static Source of(Block block, int number, String imports, Class<?> names) {
            String lines = "\n".repeat(block.line() - 1);
            String own = OWN_IMPORTS.matcher(block.text()).find() ? "" : imports.replace('\n', ' ');
            if (UNIT.matcher(block.text()).find()) {
                Matcher type = TYPE.matcher(block.text());
                return new Source(type.find() ? type.group(1) : "Unit" + number, block, own + lines + block.text());
            }
            String name = "Example" + number;
            String head = "package " + names.getPackageName() + "; " + own + " class " + name + " extends "
                    + names.getCanonicalName() + " { ";
            return MEMBERS.matcher(block.text()).find()
                    ? new Source(name, block, head + lines + block.text() + "}")
                    : new Source(name, block, head + "void run() throws Exception {" + lines + block.text() + "}}");
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    /**
     * Compiles blocks for the JDK that is the baseline, with the class path of this JVM.
     *
     * @param imports the imports of blocks that have none
     * @param names the class with the names of blocks that declare no types; not final
     * @param output the directory for the classes
     * @return the errors, each with page and line
     */
    public static List<String> compile(List<Block> blocks, String imports, Class<?> names, Path output) {
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        List<Source> sources = new ArrayList<>();
        blocks.forEach(block -> sources.add(Source.of(block, sources.size(), imports, names)));
        List<String> options = List.of(
                "-proc:none", "--release", "17", "-cp", System.getProperty("java.class.path"), "-d", output.toString());

        boolean success = ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, found, options, null, sources)
                .call();

        List<String> errors = found.getDiagnostics().stream()
                .filter(problem -> problem.getKind() == Diagnostic.Kind.ERROR)
                .map(JavaExamples::message)
                .toList();
        if (success != errors.isEmpty()) {
            throw new IllegalStateException("javac fails without an error: " + found.getDiagnostics());
        }
        return errors;
    }

    private static String message(Diagnostic<? extends JavaFileObject> problem) {
        String message = problem.getMessage(Locale.ROOT).lines().limit(3).reduce("", (all, line) -> all + " " + line);
        return problem.getSource() instanceof Source source
                ? source.block.page() + ":" + problem.getLineNumber() + ":" + message
                : message;
    }
}
