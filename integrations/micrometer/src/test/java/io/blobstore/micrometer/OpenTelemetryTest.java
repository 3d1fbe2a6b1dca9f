package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobListing;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobTarget;
import io.blobstore.ByteRange;
import io.blobstore.ListOptions;
import io.blobstore.StoreOptions;
import io.blobstore.s3.S3BlobStore;
import io.blobstore.s3.S3Checksums;
import io.blobstore.spi.PartLayout;
import io.blobstore.transfer.TransferManager;
import io.blobstore.transfer.UploadOptions;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler.FirstMatchingCompositeObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.otel.bridge.OtelCurrentTraceContext;
import io.micrometer.tracing.otel.bridge.OtelPropagator;
import io.micrometer.tracing.otel.bridge.OtelTracer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;

/** The spans that OpenTelemetry exports, by Micrometer's bridge, and how requests propagate them. */
class OpenTelemetryTest {
    private static final BlobKey KEY = BlobKey.of("some-blob");
    private static final int PART = 5 << 20;

    private final KeptSpans exported = new KeptSpans();
    private final SdkTracerProvider provider = SdkTracerProvider.builder()
            .addSpanProcessor(SimpleSpanProcessor.create(exported))
            .build();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private final BlobStoreObservations observations = BlobStoreObservations.create(registry);

    /** Keeps spans that have ended. */
    private static final class KeptSpans implements SpanExporter {
        private final List<SpanData> spans = new CopyOnWriteArrayList<>();

        @Override
        public CompletableResultCode export(Collection<SpanData> ended) {
            spans.addAll(ended);
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
        }

        @Override
        public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
        }
    }

    private FakeBucket bucket;
    private BlobStore store;

    @BeforeEach
    void open() throws IOException {
        Tracer spans = provider.get("test");
        OtelTracer tracer = new OtelTracer(spans, new OtelCurrentTraceContext(), event -> {});
        OtelPropagator propagator =
                new OtelPropagator(ContextPropagators.create(W3CTraceContextPropagator.getInstance()), spans);
        registry.observationConfig()
                .observationHandler(new FirstMatchingCompositeObservationHandler(
                        new PropagatingSenderTracingObservationHandler<>(tracer, propagator),
                        new DefaultTracingObservationHandler(tracer)));
        bucket = new FakeBucket(3 * PART);
        store = S3BlobStore.builder("bucket")
                .region("eu-central-1")
                .endpoint(bucket.endpoint())
                .pathStyle(true)
                .credentials(AnonymousCredentialsProvider.create())
                .checksums(S3Checksums.NONE)
                .nativeConditions(true)
                .observer(observations)
                .addedHeaders(observations.headers())
                .open();
    }

    @AfterEach
    void close() throws IOException {
        store.close();
        bucket.close();
        provider.close();
    }

    private List<SpanData> spans(String name) {
        return exported.spans.stream()
                .filter(span -> span.getName().equals(name))
                .toList();
    }

    private SpanData span(String name) {
        assertThat(spans(name)).hasSize(1);
        return spans(name).get(0);
    }

    /** Runs something in a span of the application. */
    private void inService(Observation.CheckedRunnable<Exception> call) throws Exception {
        Observation.createNotStarted("service", registry).observeChecked(call);
    }

    @Test
    void requestsAreChildrenOfTheirTransferAndItIsOneOfTheApplication() throws Exception {
        UploadOptions parts = UploadOptions.builder().partSize(PART).build();
        try (TransferManager transfers =
                TransferManager.builder().observer(observations).build()) {
            inService(() -> transfers
                    .upload(store, KEY, BlobSource.of(ByteBuffer.allocateDirect(3 * PART)), parts)
                    .join());
        }
        SpanData upload = span("blobstore upload");
        assertThat(upload.getParentSpanId()).isEqualTo(span("service").getSpanId());
        assertThat(spans("s3 upload part")).hasSize(3).allSatisfy(part -> {
            assertThat(part.getParentSpanId()).isEqualTo(upload.getSpanId());
            assertThat(part.getKind()).isEqualTo(SpanKind.CLIENT);
            assertThat(part.getAttributes().get(AttributeKey.stringKey("operation")))
                    .isEqualTo("upload part");
            assertThat(part.getAttributes().get(AttributeKey.stringKey("store")))
                    .isEqualTo(store.toString());
            assertThat(part.getAttributes().get(AttributeKey.stringKey("bytes.sent")))
                    .isEqualTo(Integer.toString(PART));
            assertThat(part.getAttributes().get(AttributeKey.stringKey("status")))
                    .isEqualTo("200");
        });
        assertThat(List.of(span("s3 create upload"), span("s3 complete upload")))
                .allSatisfy(request -> assertThat(request.getParentSpanId()).isEqualTo(upload.getSpanId()));
        assertThat(exported.spans).extracting(SpanData::getTraceId).containsOnly(upload.getTraceId());
        assertThat(exported.spans.toString()).doesNotContain(KEY.toString());
    }

    @Test
    void eachRequestPropagatesItsSpan() throws Exception {
        UploadOptions parts = UploadOptions.builder().partSize(PART).build();
        try (TransferManager transfers =
                TransferManager.builder().observer(observations).build()) {
            inService(() -> {
                transfers
                        .upload(store, KEY, BlobSource.of(ByteBuffer.allocateDirect(3 * PART)), parts)
                        .join();
                transfers
                        .download(store, KEY, ByteRange.all(), BlobTarget.of(ByteBuffer.allocateDirect(3 * PART)))
                        .join();
                store.copy(KEY, BlobKey.of("copy"));
                try (BlobListing listing = store.list(ListOptions.DEFAULT)) {
                    assertThat(listing.hasNext()).isFalse();
                }
                store.createMultipartUpload(KEY, new PartLayout(10, PART), StoreOptions.DEFAULT)
                        .close(); // aborts it
            });
        }
        Map<String, SpanData> requests = exported.spans.stream()
                .filter(span -> span.getKind() == SpanKind.CLIENT)
                .collect(Collectors.toMap(
                        span -> String.join(
                                "-",
                                "00",
                                span.getTraceId(),
                                span.getSpanId(),
                                span.getSpanContext().getTraceFlags().asHex()),
                        Function.identity()));
        assertThat(bucket.traces()).hasSizeGreaterThanOrEqualTo(requests.size());
        assertThat(requests.keySet()).containsExactlyInAnyOrderElementsOf(Set.copyOf(bucket.traces()));
        assertThat(requests.values())
                .extracting(SpanData::getName)
                .contains(
                        "s3 create upload",
                        "s3 upload part",
                        "s3 complete upload",
                        "s3 read",
                        "s3 copy",
                        "s3 list",
                        "s3 abort upload");
    }

    @Test
    void aFailureIsAnErrorOfItsSpan() throws IOException {
        store.head(KEY); // confirms that the bucket exists: otherwise, another request asks that
        exported.spans.clear();
        assertThatExceptionOfType(BlobNotFoundException.class)
                .isThrownBy(() -> inService(() -> store.head(BlobKey.of("missing"))));

        SpanData head = span("s3 head");
        assertThat(head.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(head.getAttributes().get(AttributeKey.stringKey("outcome"))).isEqualTo("not_found");
        assertThat(head.getParentSpanId()).isEqualTo(span("service").getSpanId());
    }
}
