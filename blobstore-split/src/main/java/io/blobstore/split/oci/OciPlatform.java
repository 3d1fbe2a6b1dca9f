package io.blobstore.split.oci;

import java.util.Objects;
import java.util.Optional;

/**
 * The platform for which an image was built.
 *
 * @param os the operating system, such as {@code linux}
 * @param architecture the processor, such as {@code amd64}
 * @param variant the variant of the processor, such as {@code v8}
 */
public record OciPlatform(String os, String architecture, Optional<String> variant) {
    /** Checks that nothing is null. */
    public OciPlatform {
        Objects.requireNonNull(os, "os");
        Objects.requireNonNull(architecture, "architecture");
        Objects.requireNonNull(variant, "variant");
    }

    /**
     * Parses a platform as {@link #toString} writes it.
     *
     * @param text {@code OS/ARCHITECTURE} or {@code OS/ARCHITECTURE/VARIANT}
     * @throws IllegalArgumentException if the text is not that
     */
    public static OciPlatform parse(String text) {
        String[] parts = text.split("/", -1);
        if (parts.length < 2 || parts.length > 3 || text.startsWith("/") || text.contains("//") || text.endsWith("/")) {
            throw new IllegalArgumentException(
                    "a platform is written as OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT; got '" + text + "'");
        }
        return new OciPlatform(parts[0], parts[1], parts.length == 3 ? Optional.of(parts[2]) : Optional.empty());
    }

    /**
     * Returns whether this platform is the one that is wanted: a wanted platform without a variant includes all
     * variants.
     */
    public boolean matches(OciPlatform wanted) {
        return os.equals(wanted.os)
                && architecture.equals(wanted.architecture)
                && (wanted.variant.isEmpty() || wanted.variant.equals(variant));
    }

    /**
     * Returns whether the platform is {@code unknown/unknown}, which marks what is no runnable image, such as the
     * attestations of BuildKit.
     */
    public boolean isUnknown() {
        return os.equals("unknown") && architecture.equals("unknown");
    }

    /** Returns the parts with slashes between them, such as {@code linux/arm64/v8}. */
    @Override
    public String toString() {
        return os + "/" + architecture + variant.map(v -> "/" + v).orElse("");
    }
}
