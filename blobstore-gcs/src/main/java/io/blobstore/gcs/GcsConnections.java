package io.blobstore.gcs;

import com.google.api.gax.retrying.RetrySettings;
import com.google.auth.Credentials;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.HttpClient;
import io.blobstore.spi.UriParameters;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** How a store gets its transport and its client: what the builder collects, and what it makes of it. */
final class GcsConnections {
    /** The variable by which Google's other libraries find an emulator. */
    static final String EMULATOR = "STORAGE_EMULATOR_HOST";

    /**
     * A project's name where none is given: requests about objects do not need one, and looking for one asks the
     * network.
     */
    private static final String NO_PROJECT = "none";

    final HttpClient.Builder transport = HttpClient.builder();
    Map<String, String> environment = System.getenv();
    Duration retryDelay = Duration.ofMillis(250);
    Optional<URI> endpoint = Optional.empty();
    Optional<String> project = Optional.empty();
    Optional<Credentials> credentials = Optional.empty();
    Optional<Storage> client = Optional.empty();

    /**
     * What was opened.
     *
     * @param closeClient closes what was made here, and not a client of the caller
     */
    record Opened(GcsContext bucket, Client closeClient) {}

    /** Closes a client. */
    interface Client {
        void close() throws IOException;
    }

    Opened open(GcsSettings settings) throws IOException {
        if (client.isPresent() && (endpoint.isPresent() || project.isPresent() || credentials.isPresent())) {
            throw new IllegalArgumentException(
                    "a client brings its own endpoint, project and credentials; set them there");
        }
        Optional<URI> server = endpoint.isPresent() ? endpoint : emulator();
        server.ifPresent(UriParameters::requireEndpoint);
        if (settings.customerKey().isPresent()
                && server.filter(GcsConnections::isPlain).isPresent()) {
            throw new IllegalArgumentException("a customer key must not travel over plain http; use https");
        }
        Optional<Credentials> found = client.isPresent() ? Optional.empty() : Optional.of(credentials(server));
        HttpClient opened = transport.build();
        try {
            Storage used = client.isPresent() ? client.get() : newClient(server, found.orElseThrow(), opened);
            if (!(used.getOptions().getTransportOptions() instanceof HttpTransportOptions options)) {
                throw new IllegalArgumentException(
                        "the client must be one over HTTP: StorageOptions.http(), not StorageOptions.grpc()");
            }
            DataRequests payloads = new DataRequests(opened, options.getHttpRequestInitializer(used.getOptions()));
            Storage unrepeating = used.getOptions().toBuilder()
                    .setRetrySettings(StorageOptions.getNoRetrySettings())
                    .build()
                    .getService();
            GcsContext bucket = new GcsContext(
                    settings,
                    used,
                    unrepeating,
                    opened,
                    payloads,
                    root(used.getOptions().getHost()));
            return new Opened(bucket, () -> {
                close(unrepeating);
                if (client.isEmpty()) {
                    close(used);
                }
            });
        } catch (RuntimeException | Error e) {
            opened.close();
            throw e;
        }
    }

    private static void close(Storage client) throws IOException {
        try {
            client.close();
        } catch (IOException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IOException("the SDK's client could not be closed", e);
        }
    }

    private static String root(String host) {
        return host.endsWith("/") ? host.substring(0, host.length() - 1) : host;
    }

    private static boolean isPlain(URI server) {
        return "http".equals(String.valueOf(server.getScheme()).toLowerCase(Locale.ROOT));
    }

    /** Written with or without a scheme. */
    private Optional<URI> emulator() {
        String text = environment.getOrDefault(EMULATOR, "").strip();
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(URI.create(text.contains("://") ? text : "http://" + text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the environment variable " + EMULATOR + " is written http://host:port; got '" + text + "'", e);
        }
    }

    private Credentials credentials(Optional<URI> server) throws PermissionDeniedException {
        if (credentials.isPresent()) {
            return credentials.get();
        }
        if (server.filter(GcsConnections::isPlain).isPresent()) {
            return NoCredentials.getInstance(); // a token must not travel in the clear, and an emulator wants none
        }
        try {
            return GoogleCredentials.getApplicationDefault();
        } catch (IOException e) {
            throw new PermissionDeniedException(
                    Operation.OPEN,
                    null,
                    "there are no Google credentials; run 'gcloud auth application-default login', or set"
                            + " GOOGLE_APPLICATION_CREDENTIALS to a key file",
                    e);
        }
    }

    private Storage newClient(Optional<URI> server, Credentials found, HttpClient opened) {
        StorageOptions.Builder builder = StorageOptions.http()
                .setTransportOptions(HttpTransportOptions.newBuilder()
                        .setHttpTransportFactory(() -> new SdkHttpTransportAdapter(opened))
                        .build())
                .setProjectId(project.orElse(NO_PROJECT))
                .setCredentials(found)
                .setRetrySettings(retries());
        server.ifPresent(uri -> builder.setHost(root(uri.toString())));
        return builder.build().getService();
    }

    /** The SDK's own would let a server that is down be asked for 50 s. */
    private RetrySettings retries() {
        return StorageOptions.getDefaultRetrySettings().toBuilder()
                .setInitialRetryDelayDuration(retryDelay)
                .setMaxRetryDelayDuration(Duration.ofSeconds(4))
                .setMaxAttempts(4)
                .build();
    }
}
