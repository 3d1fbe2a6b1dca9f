package io.blobstore.bench;

import io.blobstore.bench.ReadPlan.Read;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.s3.analyticsaccelerator.S3SdkObjectClient;
import software.amazon.s3.analyticsaccelerator.S3SeekableInputStream;
import software.amazon.s3.analyticsaccelerator.S3SeekableInputStreamConfiguration;
import software.amazon.s3.analyticsaccelerator.S3SeekableInputStreamFactory;
import software.amazon.s3.analyticsaccelerator.util.S3URI;

/**
 * Rounds of Amazon's analytics-accelerator-s3 with its default settings. Its factory keeps what was read, so that each
 * round has one of its own; the client and its connections stay.
 */
final class AcceleratorRuns implements Workload.Run {
    private static final S3URI BLOB = S3URI.of(TransferSpec.BUCKET, ReaderWorkload.KEY);

    private final ReadPlan plan;
    private final long size;
    private final S3AsyncClient client;
    private final ExecutorService threads = Executors.newCachedThreadPool();

    AcceleratorRuns(Workload.Spec spec) throws IOException {
        this.plan = ReadPlan.read(spec.source());
        this.size = spec.size();
        this.client = S3AsyncClient.builder()
                .endpointOverride(URI.create(spec.endpoint()))
                .region(Region.of(TransferSpec.REGION))
                .forcePathStyle(true)
                .build();
    }

    @Override
    public void round() throws Exception {
        try (S3SeekableInputStreamFactory factory = new S3SeekableInputStreamFactory(
                new S3SdkObjectClient(client, false), S3SeekableInputStreamConfiguration.DEFAULT)) {
            ReadRound.run(plan, threads, reads -> read(factory, reads));
        }
    }

    private void read(S3SeekableInputStreamFactory factory, List<Read> reads) throws IOException {
        byte[] buffer = new byte[reads.stream().mapToInt(Read::length).max().orElseThrow()];
        try (S3SeekableInputStream stream = factory.createStream(BLOB)) {
            for (Read read : reads) {
                if (read.isTail()) {
                    ReadRound.require(read, stream.readTail(buffer, 0, read.length()));
                    continue;
                }
                if (read.length() < size) {
                    stream.seek(read.offset());
                }
                ReadRound.require(read, stream.readNBytes(buffer, 0, read.length()));
            }
        }
    }

    @Override
    public void close() {
        threads.shutdown();
        client.close();
    }
}
