package io.blobstore.gcs.grpc;

import com.google.auth.Credentials;
import io.blobstore.http.objects.ErrorTranslator;
import io.blobstore.http.objects.RetryClock;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.TrustManager;

/**
 * The settings of reads and writes over gRPC.
 *
 * @param bucket the bucket's name
 * @param endpoint the server: {@code https://host:port}, or {@code http://host:port} without TLS
 * @param isGoogle whether that is Google's, which can be reached by Google's direct path from its own machines
 * @param credentials provide access tokens, which are not sent without TLS; empty for none
 * @param trustManagers decide which certificates are trusted; empty for the default
 * @param connections the number of connections
 * @param rangesInFlight how many ranges are read at once; further ones wait in order
 * @param stallTimeout how long a range may make no progress, and opening a session may take
 * @param maxAttempts how often a range that makes no progress is requested, the first time included
 * @param clock measures the delays between attempts
 * @param errors translates the server's errors
 */
public record GrpcSettings(
        String bucket,
        URI endpoint,
        boolean isGoogle,
        Optional<Credentials> credentials,
        List<TrustManager> trustManagers,
        int connections,
        int rangesInFlight,
        Duration stallTimeout,
        int maxAttempts,
        RetryClock clock,
        ErrorTranslator errors) {
    /** Returns the bucket's resource name. */
    String bucketResource() {
        return "projects/_/buckets/" + bucket;
    }
}
