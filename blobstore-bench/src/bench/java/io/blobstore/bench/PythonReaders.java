package io.blobstore.bench;

import io.blobstore.bench.Alternative.Missing;
import io.blobstore.bench.Alternative.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Readers for Python, from PyPI: installed once, where there is Python. */
final class PythonReaders {
    /** The name of gcsfs in results. */
    static final String GCSFS = "gcsfs";

    /** The name of OpenDAL in results: with its default settings. */
    static final String OPENDAL = "opendal";

    /** The name of OpenDAL when it is told to fetch chunks of 8 MiB at the same time, whatever will be read. */
    static final String OPENDAL_CHUNKS = "opendal-chunks";

    private static final String GCSFS_VERSION = "2026.10.1";
    private static final String OPENDAL_VERSION = "0.47.12";

    /** Where they are installed, below the user's home directory. */
    static final String CACHED = ".cache/blobstore/readers-" + GCSFS_VERSION + "-" + OPENDAL_VERSION;

    private static final String SCRIPT = "readers.py";

    private PythonReaders() {}

    /**
     * Returns both, which make the reads of a plan.
     *
     * @param plan the file with the {@link ReadPlan}
     * @param size the size of the blob
     * @param isInOrder whether the blob is read from its beginning to its end
     */
    static List<Alternative> alternatives(Path plan, long size, String endpoint, boolean isInOrder)
            throws IOException, InterruptedException {
        Path script = plan.resolveSibling(SCRIPT);
        try (InputStream text = Objects.requireNonNull(PythonReaders.class.getResourceAsStream(SCRIPT), SCRIPT)) {
            Files.write(script, text.readAllBytes());
        }
        Optional<Path> python = python();
        Map<String, String> titles = new LinkedHashMap<>();
        titles.put(GCSFS, "gcsfs " + GCSFS_VERSION);
        titles.put(OPENDAL, "OpenDAL " + OPENDAL_VERSION);
        if (isInOrder) {
            titles.put(OPENDAL_CHUNKS, "OpenDAL, 8 chunks of 8 MiB at once");
        }
        List<Alternative> all = new ArrayList<>();
        titles.forEach((name, title) -> all.add(new Alternative(
                name,
                title,
                python.<Alternative.Work>map(program -> program(program, script, name, plan, size, endpoint))
                        .orElseGet(() -> new Missing("it needs Python 3 with venv, and the Python Package Index")))));
        return all;
    }

    private static Program program(Path python, Path script, String name, Path plan, long size, String endpoint) {
        return new Program(
                List.of(
                        python.toString(),
                        script.toString(),
                        name,
                        plan.toString(),
                        Long.toString(size),
                        endpoint,
                        TransferSpec.BUCKET,
                        ReaderWorkload.KEY,
                        Integer.toString(ReaderWorkload.CONCURRENCY)),
                Map.of("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false", "NO_GCE_CHECK", "true"));
    }

    /** Returns the Python that has both; empty if they cannot be installed. */
    private static Optional<Path> python() throws InterruptedException {
        Path directory = Path.of(System.getProperty("user.home"), CACHED);
        Path python = directory.resolve("bin/python");
        Path complete = directory.resolve("complete");
        try {
            if (Files.exists(complete)) {
                return Optional.of(python);
            }
            Workspace.delete(directory); // of an installation that was interrupted
            System.err.println("benchmark: installing gcsfs and OpenDAL into " + directory + ", once ...");
            boolean installed = run("python3", "-m", "venv", directory.toString())
                    && run(
                            python.toString(),
                            "-m",
                            "pip",
                            "install",
                            "--quiet",
                            "--disable-pip-version-check",
                            "gcsfs==" + GCSFS_VERSION,
                            "opendal==" + OPENDAL_VERSION);
            if (installed) {
                Files.createFile(complete);
            }
            return installed ? Optional.of(python) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean run(String... command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false; // there is no such program
        }
    }
}
