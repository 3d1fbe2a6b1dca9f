package io.blobstore.server.internal;

import io.blobstore.server.ServerLimits;
import io.blobstore.server.TlsOptions;
import java.util.Optional;

/**
 * What the endpoints of a server share.
 *
 * @param cache what they do with the cache
 * @param workers the threads that do it
 * @param access who may do it
 * @param metrics what is counted
 * @param log one line for each request
 * @param limits what clients may demand
 * @param tls the certificate; empty for plain connections
 */
public record ServerContext(
        CacheAccess cache,
        Workers workers,
        AccessControl access,
        ServerMetrics metrics,
        AccessLog log,
        ServerLimits limits,
        Optional<TlsOptions> tls) {
    /** Returns the same with another access to the cache. */
    public ServerContext withCache(CacheAccess other) {
        return new ServerContext(other, workers, access, metrics, log, limits, tls);
    }
}
