package io.blobstore.cache;

import io.blobstore.cas.ContentCache;
import io.blobstore.cas.ContentPins;
import io.blobstore.cas.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The blobs of one store that were acknowledged and wait in a cache to be uploaded.
 *
 * @param storeId the id of the store: {@link CachedStoreOptions#storeId()}, or the description of the remote store; if
 *     that was lost, the name of the directory of the records
 * @param blobs the number of blobs
 * @param bytes the size of their content in bytes
 * @param lost the number of blobs whose content was lost before it was uploaded, and whose records are still kept
 */
public record PendingUploads(String storeId, long blobs, long bytes, long lost) {
    /** Returns what waits in a cache, also if it is open read-only, one element for each store that has anything. */
    static List<PendingUploads> of(ContentCache cache) throws IOException {
        List<PendingUploads> stores = new ArrayList<>();
        for (Path directory : list(cache.pins().directory())) {
            if (Files.isDirectory(directory)) {
                PendingUploads store = in(directory);
                if (store.blobs + store.lost > 0) {
                    stores.add(store);
                }
            }
        }
        return stores;
    }

    private static PendingUploads in(Path directory) throws IOException {
        long blobs = 0;
        long bytes = 0;
        long lost = 0;
        for (Path file : list(directory)) {
            Optional<Digest> content = ContentPins.content(file);
            if (content.isPresent()) {
                blobs++;
                bytes += content.get().size();
            } else if (file.toString().endsWith(PendingFiles.LOST)) {
                lost++;
            }
        }
        return new PendingUploads(storeId(directory), blobs, bytes, lost);
    }

    private static String storeId(Path directory) throws IOException {
        try {
            return Files.readString(directory.resolve(PendingFiles.STORE));
        } catch (NoSuchFileException e) {
            return directory.getFileName().toString();
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }
}
