package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectHeaders;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.PagedListing;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/** Lists blobs page by page, without the store's prefix. */
final class S3Listing extends PagedListing {
    private static final Operation OPERATION = Operation.LIST;

    private final BucketContext bucket;
    private final ObjectNames names;
    private final S3Client client;
    private final S3Headers headers;
    private final ListOptions options;
    private @Nullable String continuation;

    S3Listing(BucketContext bucket, ObjectNames names, S3Client client, S3Headers headers, ListOptions options) {
        super(options);
        this.bucket = bucket;
        this.names = names;
        this.client = client;
        this.headers = headers;
        this.options = options;
    }

    @Override
    protected Page fetch() throws IOException {
        String prefix = names.prefix();
        ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                .bucket(bucket.name())
                .prefix(prefix + options.prefix())
                .encodingType(EncodingType.URL) // XML cannot represent every character of a key
                .continuationToken(continuation)
                .overrideConfiguration(S3Headers.override(headers.any()));
        options.delimiter().ifPresent(request::delimiter);
        options.startAfter().filter(text -> !text.isEmpty()).ifPresent(text -> request.startAfter(prefix + text));
        ListObjectsV2Response response = bucket.call(OPERATION, null, () -> client.listObjectsV2(request.build()));
        if (response.isTruncated() == null) { // a response without a body does not mean an empty bucket
            throw new BlobStoreException(
                    OPERATION, null, "the server's response is cut off, or is not a listing", null, true);
        }
        boolean last = !response.isTruncated();
        String next = response.nextContinuationToken();
        if (!last && (next == null || next.equals(continuation))) {
            throw new BlobStoreException(
                    OPERATION, null, "the server's response to the listing has no new continuation token", null, false);
        }
        continuation = next;
        return new Page(entries(response), last);
    }

    private List<Entry> entries(ListObjectsV2Response response) throws BlobStoreException {
        List<Entry> entries = new ArrayList<>();
        for (S3Object object : response.contents()) {
            Optional<String> name = names.nameOf(object.key());
            if (name.isPresent()) {
                entries.add(blob(BlobKey.of(name.get()), object));
            }
        }
        response.commonPrefixes()
                .forEach(common -> names.nameOf(common.prefix()).ifPresent(name -> entries.add(CommonPrefix.of(name))));
        return entries;
    }

    private static Blob blob(BlobKey key, S3Object object) throws BlobStoreException {
        VersionTag tag =
                VersionTag.of(object.eTag(), null).orElseThrow(() -> ObjectHeaders.incomplete(OPERATION, key, "ETag"));
        return Blob.of(
                key,
                object.size(),
                tag.version(),
                // As HEAD, which returns whole seconds.
                object.lastModified().truncatedTo(ChronoUnit.SECONDS));
    }
}
