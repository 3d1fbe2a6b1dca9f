package io.blobstore.bench;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What a contestant has to do.
 *
 * @param scenario which way the bytes go
 * @param endpoint where the server is
 * @param key the object's
 * @param file the content to upload, or where to read it to; as long as the object
 * @param partSize bytes of a part, or of a range
 * @param concurrency parts under way at once
 */
record TransferSpec(Scenario scenario, URI endpoint, String key, Path file, int partSize, int concurrency) {
    static final String BUCKET = "bench";
    static final String REGION = "us-east-1";

    /** For a command line. */
    List<String> toArguments() {
        return List.of(
                scenario.name(),
                endpoint.toString(),
                key,
                file.toString(),
                Integer.toString(partSize),
                Integer.toString(concurrency));
    }

    /** What {@link #toArguments} gave. */
    static TransferSpec ofArguments(List<String> arguments) {
        return new TransferSpec(
                Scenario.valueOf(arguments.get(0)),
                URI.create(arguments.get(1)),
                arguments.get(2),
                Path.of(arguments.get(3)),
                Integer.parseInt(arguments.get(4)),
                Integer.parseInt(arguments.get(5)));
    }

    /** Where to make a new file; what the round before made there is deleted. */
    Path newFile() throws IOException {
        Path place = file.resolveSibling(file.getFileName() + "-" + key.replace('/', '-'));
        Files.deleteIfExists(place);
        return place;
    }

    /**
     * For who cannot go every way.
     *
     * @throws BenchmarkException if the job's is not one of {@code able}; with what there is to say of that
     */
    void require(String otherwise, Scenario.Direction... able) {
        if (!List.of(able).contains(scenario.direction)) {
            throw new BenchmarkException(otherwise);
        }
    }

    boolean isUpload() {
        return scenario.direction.isUpload();
    }
}
