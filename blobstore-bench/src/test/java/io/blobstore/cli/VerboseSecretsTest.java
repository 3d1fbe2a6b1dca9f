package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that {@code --verbose} shows details of a failure, but no secret. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VerboseSecretsTest {
    private static final String SECRET_KEY = "NoSecretKeyIsToBeShown";
    private static final String SESSION_TOKEN = "NoSessionTokenIsToBeShown";

    @TempDir
    Path directory;

    /** In the process of a user, as a JVM configures logging once. */
    @ParameterizedTest
    @ValueSource(strings = {"upload", "download", "stat", "list", "delete", "uploads"})
    void secretsAreNotShown(String command) throws Exception {
        Path file = Cli.file(directory.resolve("key"), 1000);
        try (ScriptedServer server = ScriptedServer.plain(Script.responding(403, ""))) {
            String store = "s3://some-bucket?pathStyle=true&region=us-east-1&endpoint=" + server.endpoint();
            List<Object> arguments = switch (command) {
                case "upload" -> List.of("upload", file);
                case "download" -> List.of("download", "key", "--to", directory.resolve("back"));
                case "list", "uploads" -> List.of(command);
                default -> List.of(command, "key");
            };
            ProcessBuilder process = Cli.inChildJvm(
                    List.of(),
                    Stream.concat(arguments.stream(), Stream.of("--store", store, "--verbose"))
                            .toArray());
            process.environment()
                    .putAll(Map.of(
                            "AWS_ACCESS_KEY_ID", "some-id",
                            "AWS_SECRET_ACCESS_KEY", SECRET_KEY,
                            "AWS_SESSION_TOKEN", SESSION_TOKEN));

            Cli result = Cli.finish(process.start());

            assertThat(result.code()).isEqualTo(1);
            assertThat(server.requests()).isNotEmpty();
            assertThat(result.err()).contains("PermissionDeniedException");
            assertThat(result.err() + result.out()).doesNotContain(SECRET_KEY, SESSION_TOKEN, "Signature=");
        }
    }
}
