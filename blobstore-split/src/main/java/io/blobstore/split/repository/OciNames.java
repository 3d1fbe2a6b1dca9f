package io.blobstore.split.repository;

import io.blobstore.Sha256;

/** The names that composefs-rs gives to the streams and refs of container images. */
final class OciNames {
    private static final String REFS = "oci/";

    private OciNames() {}

    /** Returns the stream of a layer, by the digest of its uncompressed content. */
    static String layer(Sha256 id) {
        return "oci-layer-" + id;
    }

    static String config(Sha256 digest) {
        return "oci-config-" + digest;
    }

    static String manifest(Sha256 digest) {
        return "oci-manifest-" + digest;
    }

    /** Returns the name under which a manifest refers to its configuration. */
    static String configReference(Sha256 digest) {
        return "config:" + digest;
    }

    /**
     * Returns the ref of an image.
     *
     * @throws IllegalArgumentException if the name cannot be used
     */
    static String ref(String name) {
        if (name.isEmpty() || name.startsWith("@")) {
            throw new IllegalArgumentException(
                    "the name of an image must not be empty, nor begin with '@'; got '" + name + "'");
        }
        String ref = REFS + name.replace("%", "%25").replace("/", "%2F");
        RepositoryPaths.ref(ref);
        return ref;
    }
}
