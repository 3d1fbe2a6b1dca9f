package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Compiles the code samples in the Javadoc of a type. */
public final class JavadocSamples {
    private static final Pattern SAMPLE = Pattern.compile("<pre>\\{@code\\R(.*?)\\R \\* }</pre>", Pattern.DOTALL);

    /** The variables that samples use without declaring them. */
    private static final String BEFORE = """
        import io.blobstore.*;
        import io.blobstore.directory.*;
        import io.blobstore.memory.*;
        import io.blobstore.transfer.*;
        import java.io.*;
        import java.nio.*;
        import java.nio.file.*;
        import java.time.*;
        import java.util.*;
        %s
        class Sample {
            BlobStore store;
            BlobKey key;
            Path path;

            void run() throws Exception {
        """;

    private JavadocSamples() {}

    /**
     * Asserts that a type has samples, and that all of them compile.
     *
     * @param source the source file of the type
     * @param imports further import declarations
     * @param classes an empty directory
     */
    public static void requireCompile(Path source, String imports, Path classes) throws IOException {
        List<String> samples = new ArrayList<>();
        for (Matcher matcher = SAMPLE.matcher(Files.readString(source)); matcher.find(); ) {
            samples.add(matcher.group(1).replaceAll("(?m)^ \\* ?", "        "));
        }
        assertThat(samples).isNotEmpty().allSatisfy(sample -> requireCompile(sample, imports, classes));
    }

    private static void requireCompile(String sample, String imports, Path classes) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Sample.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return BEFORE.formatted(imports) + sample + "\n    }\n}\n";
                    }
                };
        StringWriter problems = new StringWriter();
        List<String> options =
                List.of("-d", classes.toString(), "-cp", System.getProperty("java.class.path"), "-proc:none");

        boolean compiled = compiler.getTask(problems, null, null, options, null, List.of(file))
                .call();

        assertThat(compiled).as(problems + sample).isTrue();
    }
}
