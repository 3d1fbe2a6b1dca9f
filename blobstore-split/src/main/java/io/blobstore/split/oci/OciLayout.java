package io.blobstore.split.oci;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.Sha256;
import io.blobstore.internal.concurrent.Interrupts;
import io.blobstore.split.oci.OciLayoutException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A directory with container images, in version 1 of the image layout of the Open Container Initiative: as
 * {@code skopeo copy … oci:DIR}, {@code buildah push … oci:DIR} and {@code docker save} write it, the latter in a tar
 * archive that has to be unpacked first.
 *
 * <pre>
 * oci-layout             the version
 * index.json             the images, by name and platform; may refer to further indexes
 * blobs/sha256/HEX       manifests, configurations and layers
 * </pre>
 *
 * <p>The content is not trusted: every document is limited in size, and verified against the digest that refers to it.
 * Immutable and thread-safe, as long as the directory does not change.
 */
public final class OciLayout {
    /** The largest document that is read, in bytes: 4 MiB, as registries allow for manifests. */
    public static final int MAX_DOCUMENT = 4 << 20;

    private static final String VERSION_FILE = "oci-layout";
    private static final String INDEX_FILE = "index.json";
    private static final String REF_NAME = "org.opencontainers.image.ref.name";
    private static final String IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";

    /** Indexes in indexes: one level is usual. */
    private static final int MAX_NESTING = 4;

    private static final int MAX_INDEXES = 1000;

    private static final int MAX_IMAGES = 10_000;

    private final Path directory;
    private final OciDocuments documents;
    private final List<OciImage> images = new ArrayList<>();
    private int indexes;

    private OciLayout(Path directory) {
        this.directory = directory;
        this.documents = new OciDocuments(directory);
    }

    /**
     * Opens a layout: reads its version and its indexes, and verifies those that are blobs.
     *
     * @throws OciLayoutException if the directory is no layout, or an index is missing or damaged
     * @throws IOException if a file cannot be read
     */
    public static OciLayout open(Path directory) throws IOException {
        Objects.requireNonNull(directory, "directory");
        OciLayout layout = new OciLayout(directory);
        layout.requireVersion();
        layout.addIndex(INDEX_FILE, layout.read(INDEX_FILE, directory.resolve(INDEX_FILE)), Optional.empty(), 0);
        return layout;
    }

    private void requireVersion() throws IOException {
        String version = documents.parse(
                VERSION_FILE,
                read(VERSION_FILE, directory.resolve(VERSION_FILE)),
                document -> document.string("imageLayoutVersion"));
        if (!version.startsWith("1.")) {
            throw documents.failure(
                    Reason.UNSUPPORTED, VERSION_FILE, "its version is '" + version + "', only 1 is supported", null);
        }
    }

    private void addIndex(String document, ByteBuffer text, Optional<String> name, int depth) throws IOException {
        if (depth > MAX_NESTING || ++indexes > MAX_INDEXES) {
            throw documents.failure(
                    Reason.UNSUPPORTED, document, "there are too many indexes, or too deep inside one another", null);
        }
        List<OciDescriptor> manifests = documents.parse(document, text, index -> {
            if (index.integer("schemaVersion") != 2) {
                throw documents.failure(Reason.UNSUPPORTED, document, "its schemaVersion must be 2", null);
            }
            return documents.descriptors(document, index.objects("manifests"));
        });
        for (OciDescriptor manifest : manifests) {
            Optional<String> named = Optional.ofNullable(manifest.annotations().get(REF_NAME));
            Optional<String> inherited = named.isPresent() ? named : name;
            if (manifest.mediaType().equals(IMAGE_INDEX)) {
                addIndex(manifest.digest().toString(), document(manifest), inherited, depth + 1);
            } else if (images.size() == MAX_IMAGES) {
                throw documents.failure(
                        Reason.UNSUPPORTED, document, "there are more than " + MAX_IMAGES + " images", null);
            } else {
                images.add(new OciImage(this, inherited, manifest.platform(), manifest));
            }
        }
    }

    OciDocuments documents() {
        return documents;
    }

    /** Returns the directory. */
    public Path directory() {
        return directory;
    }

    /** Returns all images, in the order of the index; those of a nested index have its name, and their platforms. */
    public List<OciImage> images() {
        return List.copyOf(images);
    }

    /**
     * Returns the image with a name and for a platform.
     *
     * @param name the name; empty for any
     * @param platform the platform; empty for any
     * @throws OciLayoutException if there is none, or more than one; the message lists the images
     */
    public OciImage image(Optional<String> name, Optional<OciPlatform> platform) throws OciLayoutException {
        List<OciImage> found = images(name, platform);
        if (found.size() > 1) {
            throw documents.failure(
                    Reason.NO_SUCH_IMAGE, null, "choose one of its images by name or platform: " + list(found), null);
        }
        return found.get(0);
    }

    /**
     * Returns the images with a name and for a platform, 1 or more.
     *
     * @param name the name; empty for any
     * @param platform the platform; empty for any
     * @throws OciLayoutException if there is none
     */
    public List<OciImage> images(Optional<String> name, Optional<OciPlatform> platform) throws OciLayoutException {
        List<OciImage> found = images.stream()
                .filter(image -> name.isEmpty() || image.name().equals(name))
                .filter(image ->
                        platform.isEmpty() || image.platform().stream().anyMatch(p -> p.matches(platform.get())))
                .toList();
        if (found.isEmpty()) {
            throw documents.failure(
                    Reason.NO_SUCH_IMAGE,
                    null,
                    "there is no image" + name.map(n -> " named '" + n + "'").orElse("")
                            + platform.map(p -> " for " + p).orElse("") + "; there "
                            + (images.isEmpty() ? "are none at all" : "are " + list(images)),
                    null);
        }
        return found;
    }

    private static String list(List<OciImage> images) {
        int shown = 10;
        return images.stream().limit(shown).map(OciImage::toString).collect(Collectors.joining(", "))
                + (images.size() > shown ? " and " + (images.size() - shown) + " more" : "");
    }

    // ---- blobs

    /**
     * Returns the file of a blob, which has the size that the descriptor says. Its content is not verified.
     *
     * @throws OciLayoutException if it is missing, no file, or has another size
     */
    public Path blob(OciDescriptor descriptor) throws IOException {
        String digest = descriptor.digest().toString();
        Path file = file(descriptor.digest());
        long size = requireFile(digest, file);
        if (size != descriptor.size()) {
            throw documents.failure(
                    Reason.DAMAGED_BLOB,
                    digest,
                    "it has " + size + " bytes, but its descriptor says " + descriptor.size(),
                    null);
        }
        return file;
    }

    /**
     * Reads a manifest, a configuration or an index, and verifies its digest.
     *
     * @return the content, on the heap
     * @throws OciLayoutException if it is missing, damaged, or larger than {@link #MAX_DOCUMENT}
     */
    public ByteBuffer document(OciDescriptor descriptor) throws IOException {
        String digest = descriptor.digest().toString();
        requireLimit(digest, descriptor.size());
        ByteBuffer content = read(digest, blob(descriptor));
        Sha256 actual = Sha256.of(content);
        if (!actual.equals(descriptor.digest())) {
            throw documents.failure(Reason.DAMAGED_BLOB, digest, "its content has the digest " + actual, null);
        }
        return content;
    }

    private Path file(Sha256 digest) {
        return directory.resolve("blobs").resolve("sha256").resolve(digest.hex());
    }

    private ByteBuffer read(String document, Path file) throws IOException {
        long size = requireFile(document, file);
        requireLimit(document, size);
        ByteBuffer content = ByteBuffer.allocate((int) size);
        try (FileChannel channel = FileChannel.open(file)) {
            while (content.hasRemaining() && channel.read(content) >= 0) {
                // until it is full, or the file is shorter than it was
            }
        } catch (IOException e) {
            if (Interrupts.caused(e)) {
                throw e;
            }
            throw new BlobStoreException(
                    Operation.READ_SOURCE, null, "the file " + file + " cannot be read: " + e, e, false);
        }
        return content.flip();
    }

    private void requireLimit(String document, long size) throws OciLayoutException {
        if (size > MAX_DOCUMENT) {
            throw documents.failure(
                    Reason.TOO_LARGE, document, "it has " + size + " bytes; a document may have " + MAX_DOCUMENT, null);
        }
    }

    /** Returns the size of a file, which must be a regular one. */
    private long requireFile(String blob, Path file) throws OciLayoutException {
        boolean isBlob = file.getParent() != null && !file.getParent().equals(directory);
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(file, BasicFileAttributes.class);
        } catch (IOException e) {
            throw documents.failure(
                    isBlob ? Reason.MISSING_BLOB : Reason.NOT_A_LAYOUT,
                    blob,
                    isBlob ? "the blob is missing" : "the file is missing, so this is no image layout",
                    e);
        }
        if (!attributes.isRegularFile()) {
            throw documents.failure(
                    isBlob ? Reason.DAMAGED_BLOB : Reason.NOT_A_LAYOUT, blob, "this is no regular file", null);
        }
        return attributes.size();
    }

    @Override
    public String toString() {
        return "OciLayout[" + directory + "]";
    }
}
