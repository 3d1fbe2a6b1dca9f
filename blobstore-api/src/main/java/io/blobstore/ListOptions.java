package io.blobstore;

import java.util.Optional;

/**
 * What to list.
 *
 * @param prefix what the keys begin with; empty for all
 * @param delimiter keys that have this text behind the prefix are not listed, but rolled up into one
 *     {@link BlobListing.CommonPrefix} that ends with its first occurrence: "/" gives one level of a tree
 * @param startAfter list keys (and common prefixes) that sort behind this text only
 */
public record ListOptions(String prefix, Optional<String> delimiter, Optional<String> startAfter) {
    /** Every blob of the store. */
    public static final ListOptions ALL = new ListOptions("", Optional.empty(), Optional.empty());

    /** Refuses an empty delimiter. */
    public ListOptions {
        if (delimiter.isPresent() && delimiter.get().isEmpty()) {
            throw new IllegalArgumentException("a delimiter must not be empty");
        }
    }

    /** Blobs whose keys begin with this. */
    public static ListOptions prefix(String prefix) {
        return new ListOptions(prefix, Optional.empty(), Optional.empty());
    }

    /** The same, rolled up by this delimiter. */
    public ListOptions withDelimiter(String text) {
        return new ListOptions(prefix, Optional.of(text), startAfter);
    }

    /** The same, from behind this text on. */
    public ListOptions withStartAfter(String text) {
        return new ListOptions(prefix, delimiter, Optional.of(text));
    }
}
