package io.blobstore.server.internal.http;

import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseEncoder;

/** Encodes responses, those of HEAD requests without a body: one request is processed at a time. */
final class ResponseEncoder extends HttpResponseEncoder {
    private boolean headOnly;

    /** Sets whether the next response has a head only, whatever its length says. */
    void setHeadOnly(boolean headOnly) {
        this.headOnly = headOnly;
    }

    boolean isHeadOnly() {
        return headOnly;
    }

    @Override
    protected boolean isContentAlwaysEmpty(HttpResponse response) {
        return headOnly || super.isContentAlwaysEmpty(response);
    }
}
