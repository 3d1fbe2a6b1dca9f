package io.blobstore.split.oci;

import com.github.luben.zstd.Zstd;
import io.blobstore.Sha256;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;

/** Writes image layouts, right ones and wrong ones. Not thread-safe. */
public final class LayoutBuilder {
    public static final String TAR = "application/vnd.oci.image.layer.v1.tar";
    public static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    public static final String INDEX = "application/vnd.oci.image.index.v1+json";
    public static final String CONFIG = "application/vnd.oci.image.config.v1+json";

    /** The architecture of this machine, for programs that choose by it. */
    public static final String ARCHITECTURE =
            System.getProperty("os.arch").equals("aarch64") ? "arm64" : System.getProperty("os.arch");

    private final Path directory;
    private final List<String> manifests = new ArrayList<>();
    private final List<String> layers = new ArrayList<>();
    private final List<String> ids = new ArrayList<>();

    public LayoutBuilder(Path directory) {
        this.directory = directory;
        try {
            Files.createDirectories(directory.resolve("blobs/sha256"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        write("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    /** Writes a file of the layout. */
    public LayoutBuilder write(String name, String text) {
        try {
            Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** Returns the file of a blob. */
    public Path path(Sha256 digest) {
        return directory.resolve("blobs/sha256").resolve(digest.hex());
    }

    /** Writes a blob. */
    public Sha256 blob(byte[] content) {
        Sha256 digest = Sha256.of(ByteBuffer.wrap(content));
        try {
            Files.write(path(digest), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return digest;
    }

    public Sha256 blob(String text) {
        return blob(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Returns a descriptor. */
    public static String descriptor(String type, Object digest, long size, String further) {
        return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d%s}".formatted(type, digest, size, further);
    }

    private String descriptor(String type, Sha256 digest, String further) {
        try {
            return descriptor(type, digest, Files.size(path(digest)), further);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds a layer to the next image. */
    public Sha256 layer(String type, byte[] blob, Object id) {
        Sha256 digest = blob(blob);
        layers.add(descriptor(type, digest, ""));
        ids.add("\"" + id + "\"");
        return digest;
    }

    /** Adds a layer to the next image: uncompressed, or with the suffix {@code +gzip} or {@code +zstd}. */
    public Sha256 layer(byte[] tar, String suffix) {
        byte[] blob = switch (suffix) {
            case "+gzip" -> gzip(tar);
            case "+zstd" -> Zstd.compress(tar);
            default -> tar;
        };
        return layer(TAR + suffix, blob, Sha256.of(ByteBuffer.wrap(tar)));
    }

    public static byte[] gzip(byte[] content) {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            gzip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return compressed.toByteArray();
    }

    /** Ends an image of the layers that were added. */
    public LayoutBuilder image(String name, String platform) {
        String config = "{\"architecture\":\"" + ARCHITECTURE
                + "\",\"os\":\"linux\",\"config\":{},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
                + String.join(",", ids) + "]}}";
        return image(name, platform, CONFIG, config);
    }

    /** Ends an image with a given configuration. */
    public LayoutBuilder image(String name, String platform, String type, String config) {
        return index(descriptor(MANIFEST, manifest(type, config), annotation(name) + platform(platform)));
    }

    /** Writes a manifest of the layers that were added. */
    public Sha256 manifest(String type, String config) {
        Sha256 manifest = blob("{\"schemaVersion\":2,\"mediaType\":\"" + MANIFEST + "\",\"config\":"
                + descriptor(type, blob(config), "") + ",\"layers\":[" + String.join(",", layers) + "]}");
        layers.clear();
        ids.clear();
        return manifest;
    }

    /** Moves all images that were added into a nested index. */
    public LayoutBuilder nest(String name) {
        Sha256 index = blob(index());
        manifests.clear();
        return index(descriptor(INDEX, index, annotation(name)));
    }

    /** Adds a descriptor to the index. */
    public LayoutBuilder index(String descriptor) {
        manifests.add(descriptor);
        return this;
    }

    /** Returns the descriptor that was added last. */
    String last() {
        return manifests.get(manifests.size() - 1);
    }

    private static String annotation(String name) {
        return name.isEmpty() ? "" : ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" + name + "\"}";
    }

    private static String platform(String platform) {
        if (platform.isEmpty()) {
            return "";
        }
        String[] parts = platform.split("/");
        return ",\"platform\":{\"os\":\"" + parts[0] + "\",\"architecture\":\"" + parts[1] + "\""
                + (parts.length > 2 ? ",\"variant\":\"" + parts[2] + "\"" : "") + "}";
    }

    private String index() {
        return "{\"schemaVersion\":2,\"manifests\":[" + manifests.stream().collect(Collectors.joining(",")) + "]}";
    }

    /** Writes the index, and opens the layout. */
    public OciLayout open() throws IOException {
        write("index.json", index());
        return OciLayout.open(directory);
    }
}
