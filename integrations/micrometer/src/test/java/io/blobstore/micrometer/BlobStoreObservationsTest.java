package io.blobstore.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.blobstore.BlobKey;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.Operation;
import io.blobstore.StoreEvent.RequestEnded;
import io.blobstore.StoreEvent.RequestRetried;
import io.blobstore.StoreEvent.RequestStarted;
import io.blobstore.ThrottledException;
import io.blobstore.transfer.TransferManager;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistryAssert;
import io.micrometer.observation.transport.SenderContext;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The observations, of which a tracer makes spans. */
class BlobStoreObservationsTest {
    private static final BlobKey KEY = BlobKey.of("secret-key");

    private final TestObservationRegistry registry = TestObservationRegistry.create();
    private final BlobStoreObservations observations = BlobStoreObservations.create(registry);

    /** Propagates a trace as a tracing handler does. */
    private static final class Propagating implements ObservationHandler<SenderContext<Object>> {
        @Override
        public boolean supportsContext(Observation.Context context) {
            return context instanceof SenderContext;
        }

        @Override
        public void onStart(SenderContext<Object> context) {
            context.getSetter().set(context.getCarrier(), "traceparent", "00-" + context.getContextualName());
        }
    }

    @Test
    void aRequestIsAnObservation() throws Exception {
        try (BlobStore store = BlobStores.open("mem:", observations)) {
            store.store(KEY, ByteBuffer.allocate(1000));

            TestObservationRegistryAssert.assertThat(registry)
                    .hasSingleObservationThat()
                    .hasNameEqualTo("blobstore.request")
                    .hasContextualNameEqualTo("mem store")
                    .hasBeenStarted()
                    .hasBeenStopped()
                    .doesNotHaveError()
                    .hasLowCardinalityKeyValue("backend", "mem")
                    .hasLowCardinalityKeyValue("store", store.toString())
                    .hasLowCardinalityKeyValue("operation", "store")
                    .hasLowCardinalityKeyValue("outcome", "success")
                    .hasLowCardinalityKeyValue("status", "none")
                    .hasHighCardinalityKeyValue("bytes.sent", "1000")
                    .hasHighCardinalityKeyValue("attempts", "1");
            TestObservationRegistryAssert.assertThat(registry).doesNotHaveAnyRemainingCurrentObservation();
        }
    }

    @Test
    void aFailureIsAnError() throws Exception {
        try (BlobStore store = BlobStores.open("mem:", observations)) {
            assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));

            TestObservationRegistryAssert.assertThat(registry)
                    .hasSingleObservationThat()
                    .hasLowCardinalityKeyValue("outcome", "not_found")
                    .thenError()
                    .isInstanceOf(BlobNotFoundException.class);
        }
    }

    @Test
    void aRepetitionIsAnEventOfItsRequest() {
        RequestStarted started =
                new RequestStarted(1, "s3", "s3://b", Operation.READ, Optional.of(KEY), Optional.empty());
        observations.onEvent(started);
        observations.onEvent(new RequestRetried(
                started, 1, new ThrottledException(Operation.READ, KEY, "", null, null), Duration.ofSeconds(1)));
        observations.onEvent(new RequestEnded(
                started, Duration.ofSeconds(3), Duration.ZERO, 2, OptionalInt.of(206), 0, 9, Optional.empty()));

        TestObservationRegistryAssert.assertThat(registry)
                .hasSingleObservationThat()
                .hasEvent("retry")
                .hasLowCardinalityKeyValue("status", "206")
                .hasHighCardinalityKeyValue("bytes.received", "9")
                .hasHighCardinalityKeyValue("attempts", "2");
    }

    @Test
    void theRequestsOfATransferAreItsChildren() throws Exception {
        List<String> parents = new ArrayList<>();
        registry.observationConfig().observationHandler(new ObservationHandler<RequestContext>() {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof RequestContext;
            }

            @Override
            public synchronized void onStart(RequestContext context) {
                parents.add(String.valueOf(
                        context.getParentObservation() == null
                                ? null
                                : context.getParentObservation()
                                        .getContextView()
                                        .getName()));
                assertThat(context.request().key()).contains(KEY);
            }
        });
        try (BlobStore store = BlobStores.open("mem:", observations);
                TransferManager transfers =
                        TransferManager.builder().observer(observations).build()) {
            transfers
                    .upload(store, KEY, BlobSource.of(ByteBuffer.allocateDirect(1000)))
                    .join();
            store.delete(KEY);
        }
        assertThat(parents).containsExactly("blobstore.transfer", "null");
        TestObservationRegistryAssert.assertThat(registry)
                .hasObservationWithNameEqualTo("blobstore.transfer")
                .that()
                .hasContextualNameEqualTo("blobstore upload")
                .hasLowCardinalityKeyValue("outcome", "success")
                .hasHighCardinalityKeyValue("bytes", "1000")
                .hasBeenStopped();
    }

    @Test
    void aRequestIsTheChildOfTheObservationOfItsThread() throws Exception {
        AtomicReference<String> parent = new AtomicReference<>();
        registry.observationConfig().observationHandler(new ObservationHandler<RequestContext>() {
            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof RequestContext;
            }

            @Override
            public void onStart(RequestContext context) {
                parent.set(context.getParentObservation().getContextView().getName());
            }
        });
        try (BlobStore store = BlobStores.open("mem:", observations)) {
            Observation.createNotStarted("service.call", registry).observeChecked(() -> store.delete(KEY));
        }
        assertThat(parent).hasValue("service.call");
    }

    @Test
    void theHeadersOfARequestPropagateItsTrace() {
        registry.observationConfig().observationHandler(new Propagating());
        RequestStarted started =
                new RequestStarted(1, "s3", "s3://b", Operation.UPLOAD_PART, Optional.of(KEY), Optional.empty());
        assertThat(observations.headers().get()).isEmpty();
        observations.onEvent(started);

        assertThat(observations.headers().get()).isEqualTo(Map.of("traceparent", "00-s3 upload part"));

        observations.onEvent(new RequestEnded(
                started, Duration.ZERO, Duration.ZERO, 1, OptionalInt.empty(), 0, 0, Optional.empty()));
        assertThat(observations.headers().get()).isEmpty();
    }
}
