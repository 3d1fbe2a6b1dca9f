package io.blobstore.cas.internal;

import io.blobstore.cas.AccessMode;
import io.blobstore.cas.CacheFullException;
import io.blobstore.cas.CacheOptions;
import io.blobstore.contract.ChildJvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;

/**
 * A process that has a cache open, and does what it is told through its standard input: one command a line, each
 * answered by one line.
 */
final class CacheMember implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final String[] QUICK = {"-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"};

    private final ChildJvm.Running process;
    private final PrintWriter commands;
    private int sent;

    private CacheMember(ChildJvm.Running process) {
        this.process = process;
        this.commands = new PrintWriter(process.process().getOutputStream(), true, StandardCharsets.UTF_8);
    }

    /** Starts a process; its cache has 1 MiB. */
    static CacheMember start(Path working, Path directory, AccessMode mode) throws IOException {
        return new CacheMember(
                ChildJvm.of(CacheMember.class, working).with(QUICK).start(directory.toString(), mode.name()));
    }

    /** Waits until the cache is open and loaded. */
    CacheMember ready() throws InterruptedException {
        process.awaitLine("ready"::equals, PATIENCE);
        return this;
    }

    /** Sends a command without waiting for the answer; returns its number. */
    int send(String command) {
        commands.println(++sent + " " + command);
        return sent;
    }

    /** Waits for the answer to a command. */
    String answer(int number) throws InterruptedException {
        String prefix = number + " ";
        return process.awaitLine(line -> line.startsWith(prefix), PATIENCE).substring(prefix.length());
    }

    /** Sends a command, and waits for the answer. */
    String ask(String command) throws InterruptedException {
        return answer(send(command));
    }

    long pid() {
        return process.process().pid();
    }

    /** Kills the process at once, and waits until it is gone. */
    void kill() throws InterruptedException {
        process.kill();
        process.join(PATIENCE);
    }

    ChildJvm.Exit join() throws InterruptedException {
        return process.join(PATIENCE);
    }

    /** Kills the process, and waits until its locks are free. */
    @Override
    public void close() throws InterruptedException {
        kill();
        commands.close();
    }

    public static void main(String[] args) throws Exception {
        CacheOptions options = CacheOptions.builder()
                .maxBytes(1 << 20)
                .accessMode(AccessMode.valueOf(args[1]))
                .build();
        try (OpenedCache cache = OpenedCache.open(Path.of(args[0]), options).awaitLoaded();
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println("ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String[] words = line.split(" ");
                System.out.println(words[0] + " " + answer(cache, words));
            }
        }
    }

    private static String answer(OpenedCache cache, String[] words) throws IOException {
        int number = words.length > 2 ? Integer.parseInt(words[2]) : 0;
        EntryKey key = OpenedCache.key(number);
        switch (words[1]) {
            case "put" -> {
                try {
                    return "put "
                            + cache.put(key, Integer.parseInt(words[3])).file().name();
                } catch (CacheFullException e) {
                    return "full";
                }
            }
            case "temporary" -> {
                return Files.write(cache.directory.temporary(), new byte[100]).toString();
            }
            case "reserve" -> {
                // never closed: as of a put that goes on
                Reservation reservation = cache.index.reserve(number);
                reservation.require(number);
                return "reserved";
            }
            case "use" -> {
                return cache.index.contains(key) ? "used" : "absent";
            }
            case "find" -> {
                return cache.find(key) ? "found" : "absent";
            }
            case "flush" -> {
                cache.flush();
                return "flushed";
            }
            case "leads" -> {
                return Boolean.toString(cache.directory.room().evicts());
            }
            case "known" -> {
                return cache.keys().stream().map(known -> known.hash().hex()).collect(Collectors.joining(","));
            }
            default -> throw new IllegalArgumentException(words[1]);
        }
    }
}
