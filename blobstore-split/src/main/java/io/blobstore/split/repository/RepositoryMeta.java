package io.blobstore.split.repository;

import io.blobstore.BlobStoreException;
import io.blobstore.Operation;
import io.blobstore.StoreNotFoundException;
import io.blobstore.internal.file.AtomicFile;
import io.blobstore.split.ObjectHash;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The file {@code meta.json} in the root of a repository on disk: the version of the layout, and the hash function. */
final class RepositoryMeta {
    private static final String FILE = "meta.json";
    private static final int MAX_BYTES = 64 << 10;

    private static final Pattern VERSION = Pattern.compile("\"version\"\\s*:\\s*(\\d{1,9})\\b");
    private static final Pattern ALGORITHM = Pattern.compile("\"algorithm\"\\s*:\\s*\"([^\"]*)\"");
    private static final Pattern INCOMPATIBLE = Pattern.compile("\"incompatible\"\\s*:\\s*\\[([^]]*)]");

    private RepositoryMeta() {}

    /**
     * Creates the directories of an empty repository; its {@code meta.json} appears last, whole. A call that was killed
     * may be repeated.
     */
    static void create(Path root, ObjectHash hash) throws IOException {
        if (Files.exists(root.resolve(FILE))) {
            throw exists(root);
        }
        if (Files.notExists(root)) {
            Files.createDirectories(root);
            if (Files.getFileStore(root).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwx------"));
            }
        }
        Files.createDirectories(root.resolve("objects"));
        Files.createDirectories(root.resolve("streams").resolve("refs"));
        try (AtomicFile file = AtomicFile.createBeside(root.resolve(FILE))) {
            try (AtomicFile.Section section = file.section(0)) {
                section.write(StandardCharsets.UTF_8.encode(content(hash)));
            }
            file.force();
            try {
                if (!file.linkTarget()) {
                    file.replaceTarget(); // a file system without links; another process may create one as well
                }
            } catch (FileAlreadyExistsException e) {
                throw exists(root);
            }
        }
        AtomicFile.forceDirectory(root);
    }

    private static FileAlreadyExistsException exists(Path root) {
        return new FileAlreadyExistsException(root.resolve(FILE).toString(), null, "is a repository already");
    }

    /** Returns the text that composefs-rs writes for a new repository. */
    private static String content(ObjectHash hash) {
        return """
            {
              "version": 1,
              "algorithm": "%s",
              "features": {
                "compatible": [],
                "read-only-compatible": [
                  "v1_erofs"
                ],
                "incompatible": []
              },
              "erofs_formats": {
                "default": 1
              }
            }
            """.formatted(hash.metaName());
    }

    /** Returns the hash function of a repository. */
    static ObjectHash read(Path root) throws IOException {
        String text;
        try {
            if (Files.size(root.resolve(FILE)) > MAX_BYTES) {
                throw unsupported(root, "its meta.json is too large");
            }
            text = Files.readString(root.resolve(FILE));
        } catch (NoSuchFileException e) {
            throw notFound(root, "it has no meta.json, so it is no repository");
        }
        if (!group(VERSION, text).equals("1")) {
            throw unsupported(root, "its version is '" + group(VERSION, text) + "', only 1 is known");
        }
        if (!group(INCOMPATIBLE, text).isBlank()) {
            throw unsupported(
                    root,
                    "it needs unknown features: " + group(INCOMPATIBLE, text).strip());
        }
        try {
            return ObjectHash.of(group(ALGORITHM, text));
        } catch (IllegalArgumentException e) {
            throw unsupported(
                    root,
                    "its hash function '" + group(ALGORITHM, text)
                            + "' is unknown; known are " + ObjectHash.SHA_256.metaName() + " and "
                            + ObjectHash.SHA_512.metaName());
        }
    }

    private static String group(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : "";
    }

    /** Returns the exception for a repository that does not exist. */
    static StoreNotFoundException notFound(Path root, String problem) {
        return new StoreNotFoundException(Operation.OPEN, null, message(root, problem + "; create one first"), null);
    }

    private static BlobStoreException unsupported(Path root, String problem) {
        return new BlobStoreException(Operation.OPEN, null, message(root, problem), null, false);
    }

    private static String message(Path root, String problem) {
        return "the repository " + root + " cannot be opened: " + problem;
    }
}
