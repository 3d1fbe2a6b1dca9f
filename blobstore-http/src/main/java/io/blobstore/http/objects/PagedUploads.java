package io.blobstore.http.objects;

import io.blobstore.BlobKey;
import io.blobstore.BlobStoreException;
import io.blobstore.IncompleteUpload;
import io.blobstore.Operation;
import io.blobstore.UploadListing;
import io.blobstore.http.ResponseText;
import io.blobstore.http.XmlPage;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A listing of multipart uploads, page by page, by the request ListMultipartUploads, which S3 and the XML API of Cloud
 * Storage have in common. Not thread-safe.
 */
public abstract class PagedUploads extends PagedEntries<IncompleteUpload> implements UploadListing {
    private final ObjectNames names;
    private Map<String, String> markers = Map.of();

    /**
     * Creates a listing that has not requested a page yet.
     *
     * @param prefix the prefix of the objects' names, including the store's
     */
    protected PagedUploads(BucketContext bucket, ObjectNames names, String prefix) {
        super(Operation.LIST_UPLOADS, bucket, prefix);
        this.names = names;
    }

    /**
     * Requests a page.
     *
     * @param markers the names and values of the parameters that continue the listing, not encoded
     */
    protected abstract XmlPage request(Map<String, String> markers) throws IOException;

    /**
     * Converts an upload that the server lists; empty if it does not belong to the store.
     *
     * @throws IllegalArgumentException if the object's name cannot be a key
     */
    protected Optional<IncompleteUpload> upload(String object, String id, Optional<Instant> initiated) {
        return names.nameOf(object).map(name -> IncompleteUpload.of(BlobKey.of(name), id, initiated));
    }

    /** Requests the first page, so that errors are thrown at once. */
    public final UploadListing begin() throws IOException {
        nextPage();
        return this;
    }

    @Override
    protected final Page<IncompleteUpload> fetch() throws IOException {
        XmlPage page = request(markers);
        Optional<String> truncated = page.text("IsTruncated");
        if (!page.whole() || !page.root().equals("ListMultipartUploadsResult") || truncated.isEmpty()) {
            throw notAPage();
        }
        List<IncompleteUpload> uploads = new ArrayList<>();
        for (XmlPage.Entry entry : page.entries()) {
            if (entry.name().equals("Upload")) {
                add(uploads, page, entry);
            }
        }
        if (!truncated.get().strip().equals("true")) {
            return new Page<>(uploads, Optional.empty());
        }
        markers = next(page);
        return new Page<>(uploads, Optional.of(markers));
    }

    private Map<String, String> next(XmlPage page) throws BlobStoreException {
        Map<String, String> next = new HashMap<>();
        page.text("NextKeyMarker")
                .filter(key -> !key.isEmpty())
                .flatMap(key -> UrlEncodedNames.decode(page, key))
                .ifPresent(key -> next.put("key-marker", key));
        if (next.isEmpty()) {
            throw failure("the server's response to the listing has no valid key marker");
        }
        page.text("NextUploadIdMarker").filter(id -> !id.isEmpty()).ifPresent(id -> next.put("upload-id-marker", id));
        return next;
    }

    private void add(List<IncompleteUpload> uploads, XmlPage page, XmlPage.Entry entry) throws BlobStoreException {
        String listed = entry.text("Key").orElse("");
        Optional<String> object = UrlEncodedNames.decode(page, listed).filter(name -> !name.isEmpty());
        if (object.isEmpty()) {
            skip(listed, "it has no valid name");
            return;
        }
        requireInside(object.get());
        Optional<String> id = entry.text("UploadId").filter(text -> !text.isEmpty());
        if (id.isEmpty()) {
            skip(object.get(), "it has no upload id");
            return;
        }
        try {
            upload(object.get(), id.get(), entry.text("Initiated").flatMap(ResponseText::timestamp))
                    .ifPresent(uploads::add);
        } catch (IllegalArgumentException e) {
            skip(object.get(), String.valueOf(e.getMessage()));
        }
    }
}
