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
import io.blobstore.http.objects.UriParameters;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Creates the SDK's clients of a store from the settings of its builder, which may already contain a client. */
final class GcsClientFactory {
    /** The environment variable with the address of an emulator, as in Google's other libraries. */
    static final String EMULATOR = "STORAGE_EMULATOR_HOST";

    private static final String GOOGLE_DOMAIN = "googleapis.com";

    /** The project's name if none is set: requests for objects do not need one, and detecting one sends requests. */
    private static final String NO_PROJECT = "none";

    Map<String, String> environment = System.getenv();
    Optional<String> project = Optional.empty();
    Optional<Credentials> credentials = Optional.empty();
    Optional<Storage> client = Optional.empty();
    /** The delay before the SDK first repeats a request. */
    Duration retryDelay = Duration.ofMillis(250);

    /**
     * The SDK's clients of a store.
     *
     * @param withoutRetries the same client without retries, for requests whose retry would meet their own result
     * @param owned whether the store closes the client
     */
    record Clients(Storage client, Storage withoutRetries, boolean owned) implements Closeable {
        /** Returns whether requests go to Google, and not to an emulator or another server. */
        boolean isGoogle() {
            String domain = Optional.ofNullable(client.getOptions().getUniverseDomain())
                    .orElse(GOOGLE_DOMAIN);
            String host = URI.create(client.getOptions().getHost()).getHost();
            return host != null && host.endsWith("." + domain);
        }

        @Override
        public void close() throws IOException {
            GcsClientFactory.close(withoutRetries);
            if (owned) {
                GcsClientFactory.close(client);
            }
        }
    }

    /** Returns the clients. A client given to the builder is not closed with them. */
    Clients open(GcsSettings settings, Optional<URI> endpoint, HttpClient http) throws IOException {
        if (client.isPresent() && (endpoint.isPresent() || project.isPresent() || credentials.isPresent())) {
            throw new IllegalArgumentException(
                    "a client has its own endpoint, project and credentials; set them on the client");
        }
        Optional<URI> server = endpoint.isPresent() ? endpoint : emulator();
        server.ifPresent(UriParameters::requireEndpoint);
        if (settings.customerKey().isPresent()
                && server.filter(GcsClientFactory::isPlain).isPresent()) {
            throw new IllegalArgumentException("a customer key must not travel over plain http; use https");
        }
        Storage used = client.isPresent() ? client.get() : newClient(server, credentials(server), http);
        DataRequests.transport(used); // refuses a client of gRPC
        Storage withoutRetries = used.getOptions().toBuilder()
                .setRetrySettings(StorageOptions.getNoRetrySettings())
                .build()
                .getService();
        return new Clients(used, withoutRetries, client.isEmpty());
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

    private static boolean isPlain(URI server) {
        return "http".equals(String.valueOf(server.getScheme()).toLowerCase(Locale.ROOT));
    }

    /** Returns the URI of the emulator in the environment variable, which may omit the scheme. */
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
        if (server.filter(GcsClientFactory::isPlain).isPresent()) {
            return NoCredentials.getInstance(); // a token must not be sent unencrypted, and an emulator needs none
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

    private Storage newClient(Optional<URI> server, Credentials found, HttpClient http) {
        StorageOptions.Builder builder = StorageOptions.http()
                .setTransportOptions(HttpTransportOptions.newBuilder()
                        .setHttpTransportFactory(() -> new SdkHttpTransportAdapter(http))
                        .build())
                .setProjectId(project.orElse(NO_PROJECT))
                .setCredentials(found)
                .setRetrySettings(retries());
        server.ifPresent(uri -> builder.setHost(GcsUrls.root(uri.toString())));
        return builder.build().getService();
    }

    /**
     * Returns settings with fewer attempts than the SDK's, which would repeat requests to an unreachable server for 50
     * s.
     */
    private RetrySettings retries() {
        return StorageOptions.getDefaultRetrySettings().toBuilder()
                .setInitialRetryDelayDuration(retryDelay)
                .setMaxRetryDelayDuration(Duration.ofSeconds(4))
                .setMaxAttempts(4)
                .build();
    }
}
