package io.blobstore.cas.internal;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;

/**
 * A journal that several processes share: each writes logs of its own, and the leader makes the snapshots, out of the
 * logs of sessions that have ended. A log is kept for a while, as the other processes follow it too.
 *
 * @param state the directory of the state
 * @param files the files of the journal
 * @param leading whether this process is the leader
 */
record SharedJournal(Path state, JournalFiles files, BooleanSupplier leading) implements Journal.Sharing {
    private static final long KEPT_MILLIS = 10_000;

    @Override
    public boolean isShared() {
        return true;
    }

    @Override
    public boolean compacts() {
        return leading.getAsBoolean();
    }

    @Override
    public boolean isFinished(JournalFiles.Log log) {
        boolean ended = Files.notExists(state.resolve("tmp").resolve(log.owner() + ".lock"));
        long age = System.currentTimeMillis() - log.path().toFile().lastModified();
        return age > KEPT_MILLIS && (ended || files.hasLater(log));
    }
}
