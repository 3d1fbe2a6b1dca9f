package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.directory.DirectoryEntry;
import io.blobstore.directory.DirectoryOptions;
import io.blobstore.directory.DirectoryResult;
import io.blobstore.directory.FileResult;
import io.blobstore.transfer.DownloadOptions;
import io.blobstore.transfer.Hedging;
import io.blobstore.transfer.ReaderOptions;
import io.blobstore.transfer.RetryPolicy;
import io.blobstore.transfer.TransferProgress;
import io.blobstore.transfer.UploadOptions;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that options and results can gain a value in a later version without breaking code that uses or builds them.
 */
class EvolvableTypesTest {
    @ParameterizedTest
    @ValueSource(
            classes = {
                StoreOptions.class,
                ReadOptions.class,
                CopyOptions.class,
                ListOptions.class,
                PresignOptions.class,
                UploadOptions.class,
                DownloadOptions.class,
                ReaderOptions.class,
                RetryPolicy.class,
                Hedging.class,
                DirectoryOptions.class
            })
    void optionsHaveOneIdiom(Class<?> type) throws ReflectiveOperationException {
        requireEvolvable(type);
        Object defaults = type.getField("DEFAULT").get(null);
        Object fromBuilder = build(type.getMethod("builder").invoke(null));
        Object fromDefaults = build(type.getMethod("toBuilder").invoke(defaults));

        assertThat(fromBuilder).isEqualTo(defaults).hasSameHashCodeAs(defaults).hasToString(defaults.toString());
        assertThat(fromDefaults).isEqualTo(defaults).isNotSameAs(defaults);
        assertThat(defaults.toString()).startsWith(type.getSimpleName() + "[");
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                BlobMetadata.class,
                StoredBlob.class,
                ReadResult.class,
                PresignedUrl.class,
                StoreCapabilities.class,
                UploadedPart.class,
                IncompleteUpload.class,
                StoreUri.class,
                TransferProgress.class,
                BlobListing.Blob.class,
                BlobListing.CommonPrefix.class,
                DirectoryEntry.class,
                DirectoryResult.class,
                FileResult.class
            })
    void resultsHaveNoPublicConstructor(Class<?> type) {
        requireEvolvable(type);
    }

    @Test
    void metadataIsChangedByABuilder() {
        BlobMetadata metadata = BlobMetadata.builder(BlobKey.of("a"), 3, new BlobVersion("1"), Instant.EPOCH)
                .build();

        assertThat(metadata.toBuilder().build()).isEqualTo(metadata).hasSameHashCodeAs(metadata);
        assertThat(metadata.toBuilder().lastModified(Instant.MAX).build()).isNotEqualTo(metadata);
        assertThat(metadata)
                .hasToString("BlobMetadata[key=a, size=3, version=1, checksum=Optional.empty,"
                        + " contentHeaders={}, userMetadata={}, lastModified=1970-01-01T00:00:00Z]");
    }

    private static void requireEvolvable(Class<?> type) {
        assertThat(type.isRecord()).isFalse();
        assertThat(type).isFinal();
        assertThat(type.getConstructors()).isEmpty();
        assertThat(type.getDeclaredFields())
                .allSatisfy(field ->
                        assertThat(Modifier.isFinal(field.getModifiers())).isTrue());
    }

    private static Object build(Object builder) throws ReflectiveOperationException {
        Method build = builder.getClass().getMethod("build");
        return build.invoke(builder);
    }
}
