package io.blobstore.s3;

import io.blobstore.BlobStore;
import io.blobstore.StoreObserver;
import io.blobstore.StoreUri;
import io.blobstore.http.objects.UriParameters;
import io.blobstore.spi.BlobStoreProvider;
import java.io.IOException;
import java.util.List;

/**
 * Opens {@code s3://bucket} with the parameters {@code region}, {@code endpoint}, {@code pathStyle}, {@code prefix},
 * {@code checksums}, {@code payloadSigning}, {@code storageClass}, {@code sse}, {@code requesterPays},
 * {@code expectContinue}, {@code maxConnections}, {@code maxAttempts}, {@code connectTimeout}, {@code stallTimeout},
 * {@code answerTimeout} and {@code nativeConditions}, and with credentials that the AWS SDK finds in the environment, a
 * profile or the instance.
 */
public final class S3BlobStoreProvider implements BlobStoreProvider {
    static final List<String> PARAMETERS = List.of(
            "region",
            "endpoint",
            "pathStyle",
            "prefix",
            "checksums",
            "payloadSigning",
            "storageClass",
            "sse",
            "requesterPays",
            "expectContinue",
            "maxConnections",
            "maxAttempts",
            "connectTimeout",
            "stallTimeout",
            "answerTimeout",
            "nativeConditions");

    /** Creates a provider, for {@link java.util.ServiceLoader}. */
    public S3BlobStoreProvider() {}

    @Override
    public String scheme() {
        return "s3";
    }

    @Override
    public BlobStore open(StoreUri uri) throws IOException {
        return builder(uri).open();
    }

    @Override
    public BlobStore open(StoreUri uri, StoreObserver observer) throws IOException {
        return builder(uri).observer(observer).open();
    }

    static S3BlobStore.Builder builder(StoreUri uri) {
        UriParameters parameters = UriParameters.of(uri, PARAMETERS);
        S3BlobStore.Builder builder = S3BlobStore.builder(UriParameters.bucket(uri));
        parameters.applyTo(builder);
        parameters.text("region", builder::region);
        parameters.flag("pathStyle", builder::pathStyle);
        parameters.choice("checksums", S3Checksums.values(), builder::checksums);
        parameters.choice("payloadSigning", PayloadSigning.values(), builder::payloadSigning);
        parameters.text("sse", value -> builder.encryption(encryption(value)));
        parameters.flag("requesterPays", builder::requesterPays);
        parameters.flag("expectContinue", builder::expectContinue);
        return builder;
    }

    /** Parses an encryption; a customer key is a secret, and not allowed in a URI. */
    private static S3Encryption encryption(String text) {
        if (text.equals("s3")) {
            return S3Encryption.s3Managed();
        }
        if (text.equals("kms")) {
            return S3Encryption.kms();
        }
        if (text.startsWith("kms:")) {
            return S3Encryption.kms(text.substring("kms:".length()));
        }
        throw new IllegalArgumentException(
                "parameter 'sse' is 's3', 'kms' or 'kms:' with a key's id; got '" + text + "'");
    }
}
