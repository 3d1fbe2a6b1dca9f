package io.blobstore;

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
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that the code samples in the Javadoc of the main types compile. */
class JavadocSamplesTest {
    private static final Pattern SAMPLE = Pattern.compile("<pre>\\{@code\\R(.*?)\\R \\* }</pre>", Pattern.DOTALL);

    /** The variables that samples use without declaring them. */
    private static final String BEFORE = """
            import io.blobstore.*;
            import io.blobstore.memory.*;
            import io.blobstore.transfer.*;
            import java.io.*;
            import java.nio.*;
            import java.nio.file.*;
            import java.time.*;
            import java.util.*;
            class Sample {
                BlobStore store;
                BlobKey key;
                Path path;

                void run() throws Exception {
            """;

    @TempDir
    Path classes;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BlobStores",
                "BlobStore",
                "BlobKey",
                "BlobTarget",
                "Precondition",
                "BlobStoreException",
                "StoreOptions",
                "UploadListing",
                "memory/MappedFile",
                "transfer/BlobReader",
                "transfer/BlobWriter",
                "transfer/TransferManager",
                "transfer/UploadOptions"
            })
    void theSamplesOfATypeCompile(String type) throws IOException {
        String source = Files.readString(Path.of("src/main/java/io/blobstore", type + ".java"));
        List<String> samples = new ArrayList<>();
        for (Matcher matcher = SAMPLE.matcher(source); matcher.find(); ) {
            samples.add(matcher.group(1).replaceAll("(?m)^ \\* ?", "        "));
        }

        assertThat(samples).isNotEmpty().allSatisfy(this::requireCompiles);
    }

    private void requireCompiles(String sample) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Sample.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return BEFORE + sample + "\n    }\n}\n";
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
