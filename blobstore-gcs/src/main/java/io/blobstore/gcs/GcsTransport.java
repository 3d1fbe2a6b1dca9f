package io.blobstore.gcs;

/** How the content of blobs is read. Everything else is requested over HTTP. */
public enum GcsTransport {
    /** Over HTTP, from every bucket. */
    HTTP,
    /**
     * Over gRPC, from zonal buckets only: the first read of another bucket's blob, and each one after it, fails with
     * {@link UnsupportedTransportException}.
     */
    GRPC,
    /**
     * Over gRPC if the bucket is zonal, otherwise over HTTP. The first read asks for the bucket's type, once per store
     * and for up to 2 s, which needs the permission {@code storage.buckets.get}. If there is no answer, content is read
     * over HTTP; the log then says why.
     */
    AUTO
}
