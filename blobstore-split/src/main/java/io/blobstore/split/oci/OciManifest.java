package io.blobstore.split.oci;

import io.blobstore.Sha256;
import io.blobstore.split.oci.OciLayer.Format;
import io.blobstore.split.oci.OciLayoutException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A manifest and the configuration to which it refers: both were read, verified and parsed. Immutable.
 *
 * <p>An image has a configuration that names the uncompressed content of each layer. Everything else is an artifact:
 * blobs that are named by their own digests.
 */
public final class OciManifest {
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";
    private static final String DOCKER = "application/vnd.docker.";
    private static final String LAYER = "application/vnd.oci.image.layer.";

    private final OciImage image;
    private final ByteBuffer text;
    private final OciDescriptor config;
    private final ByteBuffer configText;
    private final List<OciLayer> layers;

    private OciManifest(
            OciImage image, ByteBuffer text, OciDescriptor config, ByteBuffer configText, List<OciLayer> layers) {
        this.image = image;
        this.text = text.asReadOnlyBuffer();
        this.config = config;
        this.configText = configText.asReadOnlyBuffer();
        this.layers = List.copyOf(layers);
    }

    /** What a manifest refers to. */
    private record References(OciDescriptor config, List<OciDescriptor> layers) {}

    static OciManifest read(OciImage image) throws IOException {
        OciLayout layout = image.layout();
        OciDocuments documents = layout.documents();
        String manifest = image.manifest().digest().toString();
        requireType(documents, image.manifest());
        ByteBuffer text = layout.document(image.manifest());
        References references = documents.parse(manifest, text, document -> {
            if (document.integer("schemaVersion") != 2) {
                throw documents.failure(Reason.UNSUPPORTED, manifest, "its schemaVersion must be 2", null);
            }
            Optional<String> type = document.optionalString("mediaType");
            if (type.isPresent() && !type.get().equals(MANIFEST)) {
                throw documents.failure(
                        Reason.MALFORMED, manifest, "it says that it is '" + type.get() + "', no manifest", null);
            }
            return new References(
                    documents.descriptor(manifest, document.object("config")),
                    documents.descriptors(manifest, document.objects("layers")));
        });
        ByteBuffer configText = layout.document(references.config);
        List<OciLayer> layers = references.config.mediaType().equals(IMAGE_CONFIG)
                ? imageLayers(layout, manifest, references, configText)
                : artifactLayers(layout, references);
        return new OciManifest(image, text, references.config, configText, layers);
    }

    private static void requireType(OciDocuments documents, OciDescriptor manifest) throws OciLayoutException {
        if (manifest.mediaType().equals(MANIFEST)) {
            return;
        }
        throw documents.failure(
                Reason.UNSUPPORTED,
                manifest.digest().toString(),
                "its media type is '" + manifest.mediaType() + "', only '" + MANIFEST + "' is supported"
                        + (manifest.mediaType().startsWith(DOCKER)
                                ? "; convert the image, for example with 'skopeo copy --format oci'"
                                : ""),
                null);
    }

    private static List<OciLayer> imageLayers(
            OciLayout layout, String manifest, References references, ByteBuffer configText) throws OciLayoutException {
        OciDocuments documents = layout.documents();
        String config = references.config.digest().toString();
        List<Sha256> ids = documents.parse(config, configText, document -> {
            List<Sha256> digests = new ArrayList<>();
            for (String id : document.object("rootfs").strings("diff_ids")) {
                digests.add(documents.digest(config, id));
            }
            return digests;
        });
        if (ids.size() != references.layers.size()) {
            throw documents.failure(
                    Reason.MALFORMED,
                    config,
                    "it has " + ids.size() + " diff_ids, but the manifest " + manifest + " has "
                            + references.layers.size() + " layers",
                    null);
        }
        List<OciLayer> layers = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            OciDescriptor descriptor = references.layers.get(i);
            OciLayer layer = new OciLayer(layout, descriptor, ids.get(i), format(descriptor.mediaType()));
            requireId(documents, layer);
            layers.add(layer);
        }
        return layers;
    }

    /** What is not compressed has one digest. */
    private static void requireId(OciDocuments documents, OciLayer layer) throws OciLayoutException {
        OciDescriptor blob = layer.descriptor();
        if (layer.isCompressed() || blob.digest().equals(layer.id())) {
            return;
        }
        throw layer.isTar()
                ? documents.failure(
                        Reason.WRONG_DIFF_ID,
                        blob.digest().toString(),
                        "the layer is not compressed, but its diff_id is " + layer.id(),
                        null)
                : documents.failure(
                        Reason.UNSUPPORTED,
                        blob.digest().toString(),
                        "the layer has the media type '" + blob.mediaType()
                                + "'; supported are tar archives of OCI images, uncompressed or compressed with gzip"
                                + " or zstd",
                        null);
    }

    private static List<OciLayer> artifactLayers(OciLayout layout, References references) {
        return references.layers.stream()
                .map(blob -> new OciLayer(layout, blob, blob.digest(), format(blob.mediaType())))
                .toList();
    }

    private static Format format(String mediaType) {
        if (!mediaType.startsWith(LAYER)) {
            return Format.OPAQUE;
        }
        return switch (mediaType.substring(LAYER.length())) {
            case "v1.tar", "nondistributable.v1.tar" -> Format.TAR;
            case "v1.tar+gzip", "nondistributable.v1.tar+gzip" -> Format.TAR_GZIP;
            case "v1.tar+zstd", "nondistributable.v1.tar+zstd" -> Format.TAR_ZSTD;
            default -> Format.OPAQUE;
        };
    }

    /** Returns the image. */
    public OciImage image() {
        return image;
    }

    /** Returns the manifest as it is in the layout: a new read-only buffer. */
    public ByteBuffer text() {
        return text.duplicate();
    }

    /** Returns the descriptor of the configuration. */
    public OciDescriptor config() {
        return config;
    }

    /** Returns the configuration as it is in the layout: a new read-only buffer. */
    public ByteBuffer configText() {
        return configText.duplicate();
    }

    /** Returns whether this is a container image; if not, it is an artifact. */
    public boolean isImage() {
        return config.mediaType().equals(IMAGE_CONFIG);
    }

    /** Returns the layers, from the lowest to the topmost, which may occur more than once. */
    public List<OciLayer> layers() {
        return layers;
    }

    @Override
    public String toString() {
        return "OciManifest[" + image + ", " + layers.size() + " layers]";
    }
}
