package io.blobstore.s3;

import io.blobstore.BlobStoreException;
import io.blobstore.ListOptions;
import io.blobstore.Operation;
import io.blobstore.http.ResponseText;
import io.blobstore.http.XmlPage;
import io.blobstore.http.objects.BucketContext;
import io.blobstore.http.objects.ObjectNames;
import io.blobstore.http.objects.PagedListing;
import io.blobstore.http.objects.UrlEncodedNames;
import java.io.IOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.EncodingType;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;

/** Lists blobs page by page, without the store's prefix. */
final class S3Listing extends PagedListing {
    private final S3Client client;
    private final S3Headers headers;
    private @Nullable String continuation;

    S3Listing(
            BucketContext bucket,
            ObjectNames names,
            S3Client client,
            S3Headers headers,
            Operation operation,
            ListOptions options) {
        super(operation, bucket, names, options);
        this.client = client;
        this.headers = headers;
    }

    @Override
    protected Page<Entry> fetch() throws IOException {
        ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                .bucket(bucket().name())
                .prefix(prefix())
                .encodingType(EncodingType.URL) // XML cannot represent every character of a key
                .continuationToken(continuation);
        options().delimiter().ifPresent(request::delimiter);
        startAfter().ifPresent(request::startAfter);
        XmlPage page = UnparsedListing.request(
                bucket(),
                operation(),
                S3Headers.override(headers.any()),
                configuration -> client.listObjectsV2(
                        request.overrideConfiguration(configuration).build()));
        String truncated = page.text("IsTruncated").map(String::strip).orElse("");
        if (!page.whole() || !truncated.matches("true|false")) {
            throw notAPage();
        }
        List<Entry> entries = entries(page);
        if (truncated.equals("false")) {
            return sorted(entries, Optional.empty());
        }
        Optional<String> next = page.text("NextContinuationToken").filter(token -> !token.isEmpty());
        if (next.isEmpty()) {
            throw failure("the server's response to the listing has no new continuation token");
        }
        continuation = next.get();
        return sorted(entries, next);
    }

    private List<Entry> entries(XmlPage page) throws BlobStoreException {
        List<Entry> entries = new ArrayList<>();
        for (XmlPage.Entry entry : page.entries()) {
            boolean isBlob = entry.name().equals("Contents");
            if (!isBlob && !entry.name().equals("CommonPrefixes")) {
                continue;
            }
            String listed = entry.text(isBlob ? "Key" : "Prefix").orElse("");
            Optional<String> name = UrlEncodedNames.decode(page, listed);
            if (listed.isEmpty() || name.isEmpty()) {
                skip(listed, listed.isEmpty() ? "it has no name" : "the encoding of its name is not valid");
            } else if (isBlob) {
                addBlob(
                        entries,
                        name.get(),
                        entry.text("Size").flatMap(S3Listing::number),
                        VersionTag.of(entry.text("ETag").orElse(null), null).map(VersionTag::version),
                        entry.text("LastModified")
                                .flatMap(ResponseText::timestamp)
                                .map(time -> time.truncatedTo(ChronoUnit.SECONDS))); // as HEAD
            } else {
                addCommonPrefix(entries, name.get());
            }
        }
        return entries;
    }

    private static Optional<Long> number(String text) {
        try {
            return Optional.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }
}
