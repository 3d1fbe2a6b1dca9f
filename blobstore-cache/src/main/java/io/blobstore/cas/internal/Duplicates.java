package io.blobstore.cas.internal;

import io.blobstore.zstd.internal.FrameDecoder;
import io.blobstore.zstd.internal.FrameFormatException;
import io.blobstore.zstd.internal.IdleObjects;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Decides which of several files of one key is the entry. bazel-remote leaves a second one behind when it is killed
 * while it writes content that it has already: with a good name, and with an arbitrary part of the content. The later
 * one is therefore the suspicious one, and is never preferred for being later.
 */
final class Duplicates {
    private Duplicates() {}

    /**
     * A file of a key.
     *
     * @param storedSize its length in bytes
     * @param lastAccess its time of access, in milliseconds of the epoch
     * @param lastModified its time of modification, in milliseconds of the epoch
     * @param recorded whether the journal says that this library completed it
     */
    record Candidate(EntryFile file, long storedSize, long lastAccess, long lastModified, boolean recorded) {}

    /**
     * What becomes of the files.
     *
     * @param entry the file that is the entry; empty if all are damaged
     * @param others the files to delete
     */
    record Decision(Optional<Candidate> entry, List<Candidate> others) {}

    /**
     * Decides between several files of one key, after verifying them as far as that is possible: all of the content of
     * a CAS, which is read for that until one file is found to be right. Of records, which cannot be verified, the one
     * in the journal is the entry; otherwise the older one.
     *
     * @throws IOException if a file cannot be read; then nothing can be decided
     */
    static Decision decide(Layout layout, List<Candidate> files) throws IOException {
        List<Candidate> preferred = new ArrayList<>(files);
        preferred.sort(Comparator.comparing(Candidate::recorded)
                .reversed()
                .thenComparing(Candidate::lastModified)
                .thenComparing(Comparator.comparing(Candidate::storedSize).reversed()));
        Optional<Candidate> entry = Optional.empty();
        List<Candidate> others = new ArrayList<>();
        try (IdleObjects<FrameDecoder> decoders = new IdleObjects<>(FrameDecoder::new, FrameDecoder::close, 1)) {
            ReadSupport reading = new ReadSupport(EntryFiles.SYSTEM, decoders, Runnable::run, 0, true);
            for (Candidate candidate : preferred) {
                if (entry.isEmpty() && isIntact(layout, candidate, reading)) {
                    entry = Optional.of(candidate);
                } else {
                    others.add(candidate);
                }
            }
        }
        return new Decision(entry, others);
    }

    private static boolean isIntact(Layout layout, Candidate candidate, ReadSupport reading) throws IOException {
        Entry entry = new Entry(candidate.file, candidate.storedSize);
        try (EntryReader reader = EntryReader.open(entry, layout.path(candidate.file), reading)) {
            if (ContentCheck.applies(entry.key())) {
                reader.verify();
            }
            return true;
        } catch (FrameFormatException e) {
            return false;
        }
    }
}
