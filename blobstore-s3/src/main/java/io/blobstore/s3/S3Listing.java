package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.spi.PagedListing;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Lists page by page, without the store's prefix. */
final class S3Listing extends PagedListing {
    private static final Operation OPERATION = Operation.LIST;

    private final S3Context bucket;
    private final ListOptions options;
    private @Nullable String continuation;

    private S3Listing(S3Context bucket, ListOptions options) {
        super(options);
        this.bucket = bucket;
        this.options = options;
    }

    /** Begins a listing, with its first page. */
    static BlobListing open(S3Context bucket, ListOptions options) throws IOException {
        return new S3Listing(bucket, options).begin();
    }

    @Override
    protected Fetched fetch() throws IOException {
        String prefix = bucket.settings().prefix();
        ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                .bucket(bucket.name())
                .prefix(prefix + options.prefix())
                .encodingType(EncodingType.URL) // XML cannot hold every character of a key
                .continuationToken(continuation)
                .overrideConfiguration(S3Context.with(bucket.headers().any()));
        options.delimiter().ifPresent(request::delimiter);
        options.startAfter().filter(text -> !text.isEmpty()).ifPresent(text -> request.startAfter(prefix + text));
        ListObjectsV2Response response =
                bucket.request(OPERATION, null, () -> bucket.client().listObjectsV2(request.build()));
        if (response.isTruncated() == null) { // else an answer without a body would pass for an empty bucket
            throw new BlobStoreException(OPERATION, null, "the server's answer is cut off, or no listing", null, true);
        }
        boolean last = !response.isTruncated();
        String next = response.nextContinuationToken();
        if (!last && (next == null || next.equals(continuation))) {
            throw new BlobStoreException(
                    OPERATION, null, "the server does not say how the listing goes on", null, false);
        }
        continuation = next;
        return new Fetched(entries(response), last);
    }

    private List<Entry> entries(ListObjectsV2Response response) throws BlobStoreException {
        List<Entry> entries = new ArrayList<>();
        for (S3Object object : response.contents()) {
            Optional<String> name = name(object.key());
            if (name.isPresent()) {
                entries.add(blob(BlobKey.of(name.get()), object));
            }
        }
        response.commonPrefixes()
                .forEach(common -> name(common.prefix()).ifPresent(name -> entries.add(CommonPrefix.of(name))));
        return entries;
    }

    private static Blob blob(BlobKey key, S3Object object) throws BlobStoreException {
        VersionTag tag =
                VersionTag.of(object.eTag(), null).orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, key, "ETag"));
        return Blob.of(
                key,
                object.size(),
                tag.version(),
                // HEAD says whole seconds.
                object.lastModified().truncatedTo(ChronoUnit.SECONDS));
    }

    /** The name inside the store; empty for one that is outside. */
    private Optional<String> name(String object) {
        String prefix = bucket.settings().prefix();
        return object.startsWith(prefix) && object.length() > prefix.length()
                ? Optional.of(object.substring(prefix.length()))
                : Optional.empty();
    }
}
