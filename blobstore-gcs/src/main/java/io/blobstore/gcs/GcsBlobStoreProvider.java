package io.blobstore.gcs;

import io.blobstore.BlobStore;
import io.blobstore.StoreObserver;
import io.blobstore.StoreUri;
import io.blobstore.http.objects.UriParameters;
import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.util.List;

/**
 * Opens {@code gs://bucket} with the parameters {@code endpoint}, {@code project}, {@code prefix},
 * {@code storageClass}, {@code kmsKey}, {@code maxConnections}, {@code maxAttempts}, {@code connectTimeout},
 * {@code stallTimeout}, {@code answerTimeout}, {@code nativeConditions}, {@code transport}, {@code grpcConnections},
 * {@code grpcRangesInFlight} and {@code grpcEndpoint}, with the application-default credentials of Google's libraries,
 * or without credentials for an emulator.
 */
public final class GcsBlobStoreProvider implements BlobStoreProvider {
    static final List<String> PARAMETERS = List.of(
            "endpoint",
            "project",
            "prefix",
            "storageClass",
            "kmsKey",
            "maxConnections",
            "maxAttempts",
            "connectTimeout",
            "stallTimeout",
            "answerTimeout",
            "nativeConditions",
            "transport",
            "grpcConnections",
            "grpcRangesInFlight",
            "grpcEndpoint");

    /** Creates a provider, for {@link java.util.ServiceLoader}. */
    public GcsBlobStoreProvider() {}

    @Override
    public String scheme() {
        return "gs";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        return builder(uri).open();
    }

    @Override
    public BlobStore open(StoreUri uri, StoreObserver observer) throws IOException {
        return builder(uri).observer(observer).open();
    }

    static GcsBlobStore.Builder builder(StoreUri uri) {
        UriParameters parameters = UriParameters.of(uri, PARAMETERS);
        GcsBlobStore.Builder builder = GcsBlobStore.builder(UriParameters.bucket(uri));
        parameters.applyTo(builder);
        parameters.text("project", builder::project);
        parameters.text("kmsKey", name -> builder.encryption(GcsEncryption.kms(name)));
        parameters.choice("transport", GcsTransport.values(), builder::transport);
        parameters.count("grpcConnections", builder::grpcConnections);
        parameters.count("grpcRangesInFlight", builder::grpcRangesInFlight);
        parameters.endpoint("grpcEndpoint", builder::grpcEndpoint);
        return builder;
    }
}
