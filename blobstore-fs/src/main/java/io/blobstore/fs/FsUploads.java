package io.blobstore.fs;

import io.blobstore.BlobKey;
import io.blobstore.IncompleteUpload;
import io.blobstore.internal.file.ProcessSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The multipart uploads in progress in a root, of all processes. Beside the temporary file of each is another one with
 * the suffix {@value #SUFFIX}, which contains the key and a line break. An id is the path of the temporary file below
 * {@code .blobstore/tmp}. What dead processes leave is deleted when a store is opened, these files included.
 *
 * <p>An upload that is kept has another file, with the suffix {@link ProcessSession#KEEP}, because of which the session
 * leaves it. It contains a line for each part that was written: its number.
 */
final class FsUploads {
    private static final String SUFFIX = ".upload";
    private static final String ID = "[A-Za-z0-9-]+/[0-9]+";

    private FsUploads() {}

    /** Records that a temporary file is the upload of a key. */
    static void record(Path temporary, BlobKey key) throws IOException {
        byte[] text = (key + "\n").getBytes(StandardCharsets.UTF_8);
        Files.write(recordOf(temporary), text, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }

    /** Deletes the records of an upload that has ended. Idempotent. */
    static void forget(Path temporary) throws IOException {
        Files.deleteIfExists(recordOf(temporary));
        Files.deleteIfExists(keepFile(temporary));
    }

    /** Keeps an upload from being deleted with its session. Idempotent. */
    static void keep(Path temporary) throws IOException {
        Files.write(keepFile(temporary), new byte[0], StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** Records that a part of an upload that is kept was written. */
    static void recordPart(Path temporary, int number) throws IOException {
        byte[] line = (number + "\n").getBytes(StandardCharsets.US_ASCII);
        Files.write(keepFile(temporary), line, StandardOpenOption.APPEND);
    }

    /** Returns the numbers of the parts that were written. */
    static Set<Integer> received(Path temporary) throws IOException {
        return Files.readString(keepFile(temporary), StandardCharsets.ISO_8859_1)
                .lines()
                .filter(line -> line.matches("[1-9][0-9]{0,8}")) // anything else is a write that was cut off
                .map(Integer::valueOf)
                .collect(Collectors.toSet());
    }

    /** Returns the temporary file of an upload of a key that was kept; empty if there is none, or it has no parts. */
    static Optional<Path> find(FsRoot root, BlobKey key, String id) throws IOException {
        if (!id.matches(ID)) {
            return Optional.empty();
        }
        Path temporary = tmp(root).resolve(id);
        boolean kept = Files.isRegularFile(temporary, LinkOption.NOFOLLOW_LINKS)
                && Files.isRegularFile(keepFile(temporary), LinkOption.NOFOLLOW_LINKS);
        try {
            return kept
                            && key(recordOf(temporary)).filter(key::equals).isPresent()
                            && !received(temporary).isEmpty()
                    ? Optional.of(temporary)
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static Path keepFile(Path temporary) {
        return temporary.resolveSibling(temporary.getFileName() + ProcessSession.KEEP);
    }

    private static Path recordOf(Path temporary) {
        return temporary.resolveSibling(temporary.getFileName() + SUFFIX);
    }

    /** Returns the id of the upload with this temporary file. */
    static String id(Path temporary) {
        return KeyPaths.parent(temporary).getFileName() + "/" + temporary.getFileName();
    }

    private static Path tmp(FsRoot root) {
        return root.path().resolve(KeyPaths.RESERVED).resolve("tmp");
    }

    /** Returns the uploads of keys with a prefix, sorted by key. */
    static List<IncompleteUpload> list(FsRoot root, String prefix) throws IOException {
        List<IncompleteUpload> uploads = new ArrayList<>();
        for (Path session : entries(tmp(root), "*")) {
            for (Path record : entries(session, "*" + SUFFIX)) {
                upload(record)
                        .filter(upload -> upload.key().toString().startsWith(prefix))
                        .ifPresent(uploads::add);
            }
        }
        uploads.sort(Comparator.comparing(IncompleteUpload::key));
        return uploads;
    }

    /** Returns the entries of a directory; none if it is missing, or not a directory. */
    private static List<Path> entries(Path directory, String glob) throws IOException {
        List<Path> entries = new ArrayList<>();
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return entries;
        }
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
            stream.forEach(entries::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of(); // its process has ended meanwhile
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return entries;
    }

    private static Optional<IncompleteUpload> upload(Path record) throws IOException {
        String name = record.getFileName().toString();
        String id = id(record.resolveSibling(name.substring(0, name.length() - SUFFIX.length())));
        try {
            Optional<BlobKey> key = key(record);
            var initiated = Files.getLastModifiedTime(record, LinkOption.NOFOLLOW_LINKS);
            return key.filter(valid -> id.matches(ID))
                    .map(valid -> IncompleteUpload.of(valid, id, Optional.of(initiated.toInstant())));
        } catch (NoSuchFileException e) {
            return Optional.empty(); // it has ended meanwhile
        }
    }

    /** Reads the key of an upload; empty if the record is not written yet, or not by this library. */
    private static Optional<BlobKey> key(Path record) throws IOException {
        String text = new String(Files.readAllBytes(record), StandardCharsets.UTF_8);
        try {
            return text.endsWith("\n")
                    ? Optional.of(BlobKey.of(text.substring(0, text.length() - 1)))
                    : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Deletes the temporary file of an upload. Does nothing if there is no such upload of this key. */
    static void abort(FsRoot root, BlobKey key, String id) throws IOException {
        if (!id.matches(ID)) {
            return;
        }
        Path temporary = tmp(root).resolve(id);
        try {
            if (key(recordOf(temporary)).filter(key::equals).isEmpty()) {
                return;
            }
        } catch (NoSuchFileException e) {
            return;
        }
        Files.deleteIfExists(temporary);
        forget(temporary);
    }
}
