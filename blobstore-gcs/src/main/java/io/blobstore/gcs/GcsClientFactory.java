package io.blobstore.gcs;

import com.google.api.client.http.HttpRequestInitializer;
import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.Credentials;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.ServiceOptions;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import io.blobstore.Operation;
import io.blobstore.PermissionDeniedException;
import io.blobstore.http.HttpClient;
import io.blobstore.http.ResponseText;
import io.blobstore.http.objects.RefusedRequestException;
import io.blobstore.http.objects.UriParameters;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Creates the SDK's client of a store from the settings of its builder, which may already contain a client. */
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

    /**
     * The SDK's client of a store, which repeats no request: the store does, as it knows which requests may still be
     * under way.
     */
    record Client(Storage client) implements Closeable {
        /** Returns whether requests go to Google, and not to an emulator or another server. */
        boolean isGoogle() {
            String domain =
                    Optional.ofNullable(client.getOptions().getUniverseDomain()).orElse(GOOGLE_DOMAIN);
            String host = URI.create(client.getOptions().getHost()).getHost();
            return host != null && host.endsWith("." + domain);
        }

        @Override
        public void close() throws IOException {
            try {
                client.close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException("the SDK's client could not be closed", e);
            }
        }
    }

    /** Returns the client. A client given to the builder is not used itself, and not closed with it. */
    Client open(GcsSettings settings, Optional<URI> endpoint, HttpClient http) throws IOException {
        if (client.isPresent() && (endpoint.isPresent() || project.isPresent() || credentials.isPresent())) {
            throw new IllegalArgumentException(
                    "a client has its own endpoint, project and credentials; set them on the client");
        }
        Optional<URI> server = endpoint.isPresent() ? endpoint : emulator();
        server.ifPresent(UriParameters::requireEndpoint);
        Storage used =
                client.isPresent() ? withoutRedirects(client.get()) : newClient(server, credentials(server), http);
        if (settings.customerKey().isPresent()
                && isPlain(URI.create(used.getOptions().getHost()))) {
            throw new IllegalArgumentException("a customer key must not travel over plain http; use https");
        }
        return new Client(used);
    }

    /** Returns a client with the options of another one, which follows no redirects and repeats no request. */
    private static Storage withoutRedirects(Storage client) {
        HttpTransportOptions transport = DataRequests.transport(client); // refuses a client of gRPC
        return client.getOptions().toBuilder()
                .setTransportOptions(new WithoutRedirects(transport))
                .setRetrySettings(StorageOptions.getNoRetrySettings())
                .build()
                .getService();
    }

    /** Another client's options of its transport, whose requests follow no redirects. */
    private static final class WithoutRedirects extends HttpTransportOptions {
        private static final long serialVersionUID = 1L;

        private final HttpTransportOptions options;

        private WithoutRedirects(HttpTransportOptions options) {
            super(options.toBuilder()
                    .setHttpTransportFactory(() -> new RedirectRefusingTransport(
                            options.getHttpTransportFactory().create(), RefusedRequestException::new)));
            this.options = options;
        }

        @Override
        public HttpRequestInitializer getHttpRequestInitializer(ServiceOptions<?, ?> service) {
            return options.getHttpRequestInitializer(service); // which a subclass may have overridden
        }
    }

    /** Creates the transport of requests for access tokens, which follow no redirects either. */
    static HttpTransport tokenTransport() {
        return new RedirectRefusingTransport(
                new NetHttpTransport(),
                redirect -> new IOException("the server of access tokens redirects (HTTP " + redirect.status()
                        + redirect.redirectHost().map(host -> " to " + host).orElse("")
                        + "), which is not followed"));
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
            return GoogleCredentials.getApplicationDefault(GcsClientFactory::tokenTransport);
        } catch (IOException e) {
            throw noCredentials(e);
        }
    }

    /** Creates the exception for credentials that were not found, or whose file cannot be read. */
    static PermissionDeniedException noCredentials(IOException problem) {
        String reason = String.valueOf(problem.getMessage());
        String message = reason.startsWith("Your default credentials were not found")
                ? "there are no Google credentials; run 'gcloud auth application-default login', or set"
                        + " GOOGLE_APPLICATION_CREDENTIALS to a file with credentials"
                : "the Google credentials cannot be used: " + ResponseText.line(reason);
        return new PermissionDeniedException(Operation.OPEN, null, message, problem);
    }

    private Storage newClient(Optional<URI> server, Credentials found, HttpClient http) {
        StorageOptions.Builder builder = StorageOptions.http()
                .setTransportOptions(HttpTransportOptions.newBuilder()
                        .setHttpTransportFactory(() -> new SdkHttpTransportAdapter(http))
                        .build())
                .setProjectId(project.orElse(NO_PROJECT))
                .setCredentials(found)
                .setRetrySettings(StorageOptions.getNoRetrySettings());
        server.ifPresent(uri -> builder.setHost(GcsUrls.root(uri.toString())));
        return builder.build().getService();
    }
}
