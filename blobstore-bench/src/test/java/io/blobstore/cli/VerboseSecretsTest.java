package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.ScriptedExchange;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedServer.Script;
import io.blobstore.http.TestAuthority;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks that {@code --verbose} shows details of what every command does, and of its failures, but no secret: with
 * credentials, a session token, a customer key and a presigned URL, over TLS, with servers that serve, refuse and
 * redirect.
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class VerboseSecretsTest {
    private static final String SECRET_KEY = "NoSecretKeyIsToBeShown";
    private static final String SESSION_TOKEN = "NoSessionTokenIsToBeShown";
    private static final String ACCESS_TOKEN = "NoAccessTokenIsToBeShown";
    private static final byte[] CUSTOMER_KEY = "NoCustomerKeyIsToBeShownAnywhere".getBytes();
    private static final String CUSTOMER_KEY_TEXT = Base64.getEncoder().encodeToString(CUSTOMER_KEY);
    private static final String BUCKET = "some-bucket";
    private static final int SIZE = 1000;
    private static final String ETAG = "ETag: \"0123456789abcdef\"";
    private static final String MODIFIED = "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT";

    private static final SSLContext TLS = TestAuthority.get().serverContext(TestAuthority.Identity.SERVER);

    @TempDir
    Path directory;

    /** Runs every command in each store, in a JVM of its own, as a JVM configures logging once. */
    static final class AllCommands {
        private AllCommands() {}

        /**
         * Runs the commands.
         *
         * @param args a directory, and the URIs of stores
         */
        public static void main(String[] args) throws IOException {
            for (String store : Arrays.asList(args).subList(1, args.length)) {
                for (String name : Commands.all().keySet()) {
                    List<String> command = Stream.concat(
                                    arguments(name, Path.of(args[0]), store), Stream.of("--verbose"))
                            .toList();
                    System.err.println("=== " + name + " " + store);
                    int code = Main.run(
                            System.getenv(),
                            new StandardOutput(System.out, Channels.newChannel(System.out)),
                            new PrintWriter(System.err),
                            command.toArray(String[]::new));
                    System.err.println("=== code " + code);
                }
            }
        }

        /** Returns a command and its arguments. A new command needs a case here. */
        private static Stream<String> arguments(String name, Path directory, String store) throws IOException {
            Path back = directory.resolve("back");
            Files.deleteIfExists(back);
            if (name.equals("demo")) {
                return Stream.of(name, "--size", "1MiB", "--dir", directory.toString());
            }
            if (name.equals("cache")) {
                Path cache = Files.createDirectories(directory.resolve("cache"));
                return Stream.of(name, "warm", cache.toString(), "key", "--max", "1GiB", "--store", store);
            }
            if (name.equals("serve")) { // refused, as the password is not hashed, and without showing it
                Path users = Files.writeString(directory.resolve("users"), "alice:" + SECRET_KEY + "\n");
                String cache = directory.resolve("served").toString();
                return Stream.of(name, "--dir", cache, "--max", "1GiB", "--htpasswd-file", users.toString());
            }
            if (name.equals("completion")) {
                return Stream.of(name, "bash", "--quiet");
            }
            if (name.equals("presign")) { // the URL is a secret that is asked for
                return Stream.of(name, "key", "--quiet", "--store", store);
            }
            Stream<String> arguments = switch (name) {
                case "upload" -> Stream.of(directory.resolve("key").toString());
                case "download" -> Stream.of("key", "--to", back.toString());
                case "cat", "stat", "delete" -> Stream.of("key");
                case "cp" -> Stream.of(directory.resolve("key").toString(), ":key");
                case "sync" ->
                    Stream.of(Files.createDirectories(directory.resolve("tree")).toString(), ":tree");
                case "rm" -> Stream.of(":key");
                case "list", "uploads", "split-ls", "gc", "fsck" -> Stream.empty();
                case "split" -> Stream.of(directory.resolve("key").toString(), "--ref", "ref", "--format", "cdc");
                case "merge" -> Stream.of("refs/ref", back.toString());
                case "repo" -> Stream.of("init"); // refused, as these stores need none
                default -> throw new AssertionError("which arguments does '" + name + "' have?");
            };
            return Stream.concat(Stream.concat(Stream.of(name), arguments), Stream.of("--store", store));
        }
    }

    private Cli run(Map<String, String> environment, List<String> stores) throws Exception {
        Cli.file(directory.resolve("key"), SIZE);
        ProcessBuilder process = Cli.inChildJvm(
                List.of("-Djavax.net.ssl.trustStore=" + TestAuthority.get().trustStore(directory)),
                Stream.concat(Stream.of(directory), stores.stream()).toArray());
        process.command().set(process.command().indexOf("io.blobstore.cli.Main"), AllCommands.class.getName());
        process.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
        process.environment().put(KeyedStoreProvider.KEY, CUSTOMER_KEY_TEXT);
        process.environment().putAll(environment);
        Cli result = Cli.finish(process.redirectErrorStream(true).start());
        assertThat(result.code()).as(result.out()).isZero();
        int commands = Commands.all().size() * stores.size();
        assertThat(result.out().split("=== code", -1)).as("commands that ended").hasSize(commands + 1);
        assertThat(result.out()).contains("=== code 0", "=== code 1", "PermissionDeniedException", "redirects");
        return result;
    }

    private static void requireNoSecrets(Cli result, String... secrets) {
        assertThat(result.out())
                .doesNotContain(secrets)
                .doesNotContain(CUSTOMER_KEY_TEXT, new String(CUSTOMER_KEY), "Signature=", "Bearer ");
    }

    private static List<String> stores(String scheme, Stream<String> endpoints) {
        return endpoints
                .map(endpoint -> scheme + "://" + BUCKET + "?endpoint=" + endpoint)
                .toList();
    }

    private static ScriptedServer refusing() throws IOException {
        return ScriptedServer.secure(TLS, Script.responding(403, "")).then(Script.responding(401, ""));
    }

    private static ScriptedServer redirecting() throws IOException {
        return ScriptedServer.secure(TLS, Script.responding(307, "", "Location: https://127.0.0.1:1/?Signature=s"));
    }

    // ---- S3

    @Test
    void secretsOfS3AreNotShown() throws Exception {
        try (ScriptedServer serving = ScriptedServer.secure(TLS, VerboseSecretsTest::serve);
                ScriptedServer refusing = refusing();
                ScriptedServer redirecting = redirecting()) {
            List<String> stores = stores(
                    "keyed-s3",
                    Stream.of(serving, refusing, redirecting)
                            .map(server -> server.endpoint().toString()));

            Cli result = run(
                    Map.of(
                            "AWS_REGION",
                            "us-east-1",
                            "AWS_ACCESS_KEY_ID",
                            "some-id",
                            "AWS_SECRET_ACCESS_KEY",
                            SECRET_KEY,
                            "AWS_SESSION_TOKEN",
                            SESSION_TOKEN),
                    stores);

            assertThat(serving.requests())
                    .anySatisfy(request ->
                            assertThat(request.header("x-amz-security-token")).contains(SESSION_TOKEN))
                    .anySatisfy(request -> assertThat(request.header("x-amz-server-side-encryption-customer-key"))
                            .contains(CUSTOMER_KEY_TEXT));
            requireNoSecrets(result, SECRET_KEY, SESSION_TOKEN);
        }
    }

    private static void serve(ScriptedExchange request) throws IOException {
        request.discardBody();
        Optional<String> range = request.header("Range");
        if (request.method().equals("HEAD")) {
            request.respondHead(200, SIZE, ETAG, MODIFIED);
        } else if (request.target().contains("list-type")) {
            request.respond(
                    200,
                    "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>key</Key><Size>" + SIZE
                            + "</Size><ETag>\"1\"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified>"
                            + "</Contents></ListBucketResult>");
        } else if (request.method().equals("GET") && range.isPresent()) {
            String[] bounds = range.get().replace("bytes=", "").split("-", -1);
            int first = Integer.parseInt(bounds[0]);
            int last = bounds[1].isEmpty() ? SIZE - 1 : Math.min(SIZE - 1, Integer.parseInt(bounds[1]));
            request.respond(
                    206,
                    ByteBuffer.allocate(last - first + 1).array(),
                    ETAG,
                    MODIFIED,
                    "Content-Range: bytes " + first + "-" + last + "/" + SIZE);
        } else {
            byte[] body = new byte[request.method().equals("GET") ? SIZE : 0];
            request.respond(request.method().equals("DELETE") ? 204 : 200, body, ETAG, MODIFIED);
        }
    }

    // ---- Cloud Storage

    @Test
    void secretsOfCloudStorageAreNotShown() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        String privateKey = Base64.getEncoder()
                .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
        try (FakeGcs serving = FakeGcs.startSecure(TLS).createBucket(BUCKET);
                ScriptedServer refusing = refusing();
                ScriptedServer redirecting = redirecting();
                ScriptedServer tokens = ScriptedServer.forAnyClient(
                        Optional.empty(),
                        Script.responding(
                                200,
                                "{\"access_token\": \"" + ACCESS_TOKEN
                                        + "\", \"expires_in\": 3600, \"token_type\": \"Bearer\"}",
                                "Content-Type: application/json"))) {
            Path account = Files.writeString(
                    directory.resolve("account.json"),
                    JSON.std.asString(Map.of(
                            "type", "service_account",
                            "client_id", "1",
                            "client_email", "fake@some-project.iam.gserviceaccount.com",
                            "private_key_id", "2",
                            "private_key",
                                    "-----BEGIN PRIVATE KEY-----\n" + privateKey + "\n-----END PRIVATE KEY-----\n",
                            "token_uri", tokens.endpoint() + "/token")));
            List<String> stores = stores(
                    "keyed-gs",
                    Stream.of(
                            serving.endpoint().toString(),
                            refusing.endpoint().toString(),
                            redirecting.endpoint().toString()));

            Cli result = run(Map.of("GOOGLE_APPLICATION_CREDENTIALS", account.toString()), stores);

            assertThat(serving.requests())
                    .anySatisfy(request ->
                            assertThat(request.header("x-goog-encryption-key")).contains(CUSTOMER_KEY_TEXT))
                    .allSatisfy(request ->
                            assertThat(request.header("Authorization")).isPresent());
            String assertion = "eyJ"; // the beginning of a JSON web token
            requireNoSecrets(result, ACCESS_TOKEN, privateKey, privateKey.substring(100, 150), assertion);
        }
    }
}
