package io.blobstore.s3;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Lists page by page. S3 gives the blobs and the common prefixes of a page apart, each sorted: here they are merged, and the store's
 * prefix is taken away.
 */
final class S3Listing implements BlobListing {
    private static final String OPERATION = "list";
    private static final Comparator<byte[]> BYTES = Arrays::compareUnsigned;
    private static final Comparator<Entry> ORDER = Comparator.comparing(entry -> utf8(entry.name()), BYTES);

    private final S3Bucket bucket;
    private final ListOptions options;
    private Iterator<Entry> page = Collections.emptyIterator();
    private @Nullable String continuation;
    private boolean last;

    private S3Listing(S3Bucket bucket, ListOptions options) {
        this.bucket = bucket;
        this.options = options;
    }

    /** Begins a listing, with its first page. */
    static S3Listing open(S3Bucket bucket, ListOptions options) throws IOException {
        S3Listing listing = new S3Listing(bucket, options);
        listing.fetch();
        return listing;
    }

    @Override
    public boolean hasNext() throws IOException {
        while (!page.hasNext() && !last) {
            fetch();
        }
        return page.hasNext();
    }

    @Override
    public Entry next() throws IOException {
        if (!hasNext()) {
            throw new NoSuchElementException("the listing is at its end");
        }
        return page.next();
    }

    /** Each page is a request of its own, so nothing is open between calls. */
    @Override
    public void close() {
        page = Collections.emptyIterator();
        last = true;
    }

    private void fetch() throws IOException {
        String prefix = bucket.settings().prefix();
        ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                .bucket(bucket.name())
                .prefix(prefix + options.prefix())
                .encodingType(EncodingType.URL) // XML cannot hold every character of a key
                .continuationToken(continuation)
                .overrideConfiguration(S3Bucket.with(bucket.headers().any()));
        options.delimiter().ifPresent(request::delimiter);
        options.startAfter().filter(text -> !text.isEmpty()).ifPresent(text -> request.startAfter(prefix + text));
        ListObjectsV2Response response =
                bucket.request(OPERATION, null, () -> bucket.client().listObjectsV2(request.build()));
        if (response.isTruncated() == null) { // else an answer without a body would pass for an empty bucket
            throw new BlobStoreException(OPERATION, null, "the server's answer is cut off, or no listing", null, true);
        }
        page = entries(response).iterator();
        last = !response.isTruncated();
        String next = response.nextContinuationToken();
        if (!last && (next == null || next.equals(continuation))) {
            throw new BlobStoreException(
                    OPERATION, null, "the server does not say how the listing goes on", null, false);
        }
        continuation = next;
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
                .forEach(common -> name(common.prefix()).ifPresent(name -> entries.add(new CommonPrefix(name))));
        entries.sort(ORDER);
        return entries;
    }

    private static Blob blob(BlobKey key, S3Object object) throws BlobStoreException {
        VersionTag tag =
                VersionTag.of(object.eTag(), null).orElseThrow(() -> ObjectMetadata.incomplete(OPERATION, key, "ETag"));
        return new Blob(
                key,
                object.size(),
                tag.version(),
                // HEAD says whole seconds.
                object.lastModified().truncatedTo(ChronoUnit.SECONDS));
    }

    /** The name inside the store; empty for one that is outside, or not behind the start. */
    private Optional<String> name(String object) {
        String prefix = bucket.settings().prefix();
        if (!object.startsWith(prefix) || object.length() == prefix.length()) {
            return Optional.empty();
        }
        String name = object.substring(prefix.length());
        boolean behind = options.startAfter()
                .filter(start -> BYTES.compare(utf8(name), utf8(start)) <= 0)
                .isEmpty();
        return behind ? Optional.of(name) : Optional.empty();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
