// Generated from the routes by `npm run golden`. Do not edit; change a route instead.

export interface paths {
    "/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every code a problem may carry, with its status and what to do. */
        get: operations["listErrorCodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/errors/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a code means; the `type` of every problem leads here. */
        get: operations["getErrorCode"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is up. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in the text format of Prometheus. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server can do its work, and if not, why. */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The accounts of a book, oldest first. */
        get: operations["listAccounts"];
        put?: never;
        /** Opens an account. Send an Idempotency-Key, or choose the id. */
        post: operations["openAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account with its balances, now or as they were at a time. */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes an empty account for good. */
        post: operations["closeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets money in and none out, as a court order asks. */
        post: operations["freezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/statement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What moved on an account, newest first, with the balance after each line. */
        get: operations["getStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/unfreeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets money out of a frozen account again. */
        post: operations["unfreezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All books, oldest first. */
        get: operations["listBooks"];
        put?: never;
        /** Opens a book with the single accounts of its chart. */
        post: operations["createBook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One book. */
        get: operations["getBook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/close-period": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuses from now on what is effective before a time. A closed period stays closed. */
        post: operations["closePeriod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/proofs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What must be equal in a book, both sides as sums, and whether they are. */
        get: operations["getProofs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/trial-balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Debits, credits and balance of every account, now or at a time, and their sums. */
        get: operations["getTrialBalance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{channel}/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a notice of a bank, signed over its bytes as its channel agreed. */
        post: operations["takeNotice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One hold. Its id is that of the transfer that opened it, with the prefix hold. */
        get: operations["getHold"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Releases parts of a hold, each to an account, or all that is left. */
        post: operations["releaseHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}/void": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives what is left of a hold back to its debit account. */
        post: operations["voidHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/transfers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Books one transfer, or up to 1,000 of one book, each on its own. */
        post: operations["createTransfers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/transfers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One transfer as it was booked or refused. */
        get: operations["getTransfer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            /** @description the id of a book, such as book_7 */
            book: string;
            code: string;
            credit_limit?: components["schemas"]["Money"];
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @enum {string} */
            state: "open" | "frozen" | "closed";
        };
        AccountPage: {
            data: components["schemas"]["Account"][];
            has_more: boolean;
        };
        AccountWithBalances: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            at?: string;
            balances: components["schemas"]["Balances"];
            /** @description the id of a book, such as book_7 */
            book: string;
            code: string;
            credit_limit?: components["schemas"]["Money"];
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @enum {string} */
            state: "open" | "frozen" | "closed";
        };
        Balances: {
            available: components["schemas"]["SignedMoney"];
            pending_credits: components["schemas"]["Money"];
            pending_debits: components["schemas"]["Money"];
            posted: components["schemas"]["SignedMoney"];
        };
        Book: {
            chart: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            closed_before?: string;
            currency: components["schemas"]["Currency"];
            /** @description the id of a book, such as book_7 */
            id: string;
            name: string;
        };
        BookPage: {
            data: components["schemas"]["Book"][];
            has_more: boolean;
        };
        ClosePeriod: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            before: string;
        };
        /**
         * @description an ISO 4217 code, such as CNY
         * @enum {string}
         */
        Currency: "AED" | "AFN" | "ALL" | "AMD" | "AOA" | "ARS" | "AUD" | "AWG" | "AZN" | "BAM" | "BBD" | "BDT" | "BHD" | "BIF" | "BMD" | "BND" | "BOB" | "BOV" | "BRL" | "BSD" | "BTN" | "BWP" | "BYN" | "BZD" | "CAD" | "CDF" | "CHE" | "CHF" | "CHW" | "CLF" | "CLP" | "CNY" | "COP" | "COU" | "CRC" | "CUP" | "CVE" | "CZK" | "DJF" | "DKK" | "DOP" | "DZD" | "EGP" | "ERN" | "ETB" | "EUR" | "FJD" | "FKP" | "GBP" | "GEL" | "GHS" | "GIP" | "GMD" | "GNF" | "GTQ" | "GYD" | "HKD" | "HNL" | "HTG" | "HUF" | "IDR" | "ILS" | "INR" | "IQD" | "IRR" | "ISK" | "JMD" | "JOD" | "JPY" | "KES" | "KGS" | "KHR" | "KMF" | "KPW" | "KRW" | "KWD" | "KYD" | "KZT" | "LAK" | "LBP" | "LKR" | "LRD" | "LSL" | "LYD" | "MAD" | "MDL" | "MGA" | "MKD" | "MMK" | "MNT" | "MOP" | "MRU" | "MUR" | "MVR" | "MWK" | "MXN" | "MXV" | "MYR" | "MZN" | "NAD" | "NGN" | "NIO" | "NOK" | "NPR" | "NZD" | "OMR" | "PAB" | "PEN" | "PGK" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RSD" | "RUB" | "RWF" | "SAR" | "SBD" | "SCR" | "SDG" | "SEK" | "SGD" | "SHP" | "SLE" | "SOS" | "SRD" | "SSP" | "STN" | "SVC" | "SYP" | "SZL" | "THB" | "TJS" | "TMT" | "TND" | "TOP" | "TRY" | "TTD" | "TWD" | "TZS" | "UAH" | "UGX" | "USD" | "USN" | "UYI" | "UYU" | "UYW" | "UZS" | "VED" | "VES" | "VND" | "VUV" | "WST" | "XAD" | "XAF" | "XCD" | "XCG" | "XOF" | "XPF" | "YER" | "ZAR" | "ZMW" | "ZWG";
        ErrorCode: {
            code: string;
            /** @description What to do */
            detail: string;
            status: number;
            title: string;
            /** @description The type a problem with this code carries */
            type: string;
        };
        Hold: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            expires_at?: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description Whether it backs an instruction that is not final, and so does not expire */
            pinned: boolean;
            remaining: components["schemas"]["Money"];
            /** @enum {string} */
            state: "open" | "released" | "voided" | "expired";
        };
        HoldTransfer: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            expires_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "hold";
        };
        Leg: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
        };
        LinkedPostTransfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            legs: components["schemas"]["Leg"][];
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "post";
        };
        Money: {
            /** @description minor units as digits: "680000000" is ¥6,800,000.00 */
            amount: string;
            currency: components["schemas"]["Currency"];
        };
        NewAccount: {
            /** @description the id of a book, such as book_7 */
            book: string;
            /** @description a code of the book's chart, such as 2241.02 */
            code: string;
            credit_limit?: components["schemas"]["Money"] | null;
            /** @description the public id of the holder without control characters */
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            /** @description a name without control characters */
            name: string;
        };
        NewBook: {
            /** @description the name of a chart template, such as custody_pool */
            chart: string;
            currency: components["schemas"]["Currency"];
            /** @description a name without control characters */
            name: string;
        };
        PostTransfer: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "post";
        };
        /** @description A problem as RFC 9457 describes it */
        Problem: {
            /** @description Lower snake case; listed under /errors */
            code: string;
            /** @description A sentence that says what to do */
            detail: string;
            errors?: {
                code: string;
                /** @description A sentence that says what to do */
                detail: string;
                /** @description JSON pointer to the failing field */
                pointer: string;
            }[];
            /** @description Path of the request */
            instance: string;
            request_id: string;
            /** @description Whether the same request may be answered later */
            retryable: boolean;
            status: number;
            title: string;
            /** @description Path that explains the code */
            type: string;
        };
        Proof: {
            /** @description What to look at when it does not hold */
            detail?: string;
            holds: boolean;
            /** @description minor units */
            left: string;
            name: string;
            /** @description minor units */
            right: string;
        };
        Proofs: {
            /** @description the id of a book, such as book_7 */
            book: string;
            /** @description Whether all of them hold */
            holds: boolean;
            proofs: components["schemas"]["Proof"][];
        };
        ReleaseHold: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            parts?: components["schemas"]["ReleasePart"][];
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
        };
        ReleasePart: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account?: string;
        };
        ReverseTransfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            subject: string;
            /** @enum {string} */
            type: "reverse";
        };
        SignedMoney: {
            /** @description minor units as digits, with a minus when below zero */
            amount: string;
            currency: components["schemas"]["Currency"];
        };
        StatementLine: {
            amount: components["schemas"]["Money"];
            balance_after: components["schemas"]["SignedMoney"];
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            counterpart: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at: string;
            leg: number;
            /** @description a number as digits */
            number: string;
            purpose?: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            transfer: string;
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        StatementPage: {
            data: components["schemas"]["StatementLine"][];
            has_more: boolean;
        };
        Transfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            hold?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a number as digits */
            number: string;
            /** @description True when this id was booked before and nothing was booked now */
            replayed: boolean;
            /** @enum {string} */
            status: "accepted";
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        TransferBatch: {
            transfers: components["schemas"]["TransferRequest"][];
        };
        TransferBatchResult: {
            transfers: components["schemas"]["TransferItem"][];
        };
        TransferItem: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at?: string;
            /** @description Why it was refused or not taken, as in a problem */
            code?: string;
            detail?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a number as digits */
            number?: string;
            replayed: boolean;
            /**
             * @description `not_taken`: nothing was decided; send this one again
             * @enum {string}
             */
            status: "accepted" | "refused" | "not_taken";
        };
        TransferRecord: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at?: string;
            /** @description Why it was refused */
            code?: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            hold?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            legs: components["schemas"]["Leg"][];
            /** @description a number as digits */
            number?: string;
            purpose?: string;
            /** @enum {string} */
            status: "accepted" | "refused";
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            subject?: string;
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        TransferRequest: components["schemas"]["PostTransfer"] | components["schemas"]["LinkedPostTransfer"] | components["schemas"]["HoldTransfer"] | components["schemas"]["ReverseTransfer"];
        TrialBalance: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            at?: string;
            /** @description the id of a book, such as book_7 */
            book: string;
            credits: components["schemas"]["Money"];
            debits: components["schemas"]["Money"];
            rows: components["schemas"]["TrialBalanceRow"][];
        };
        TrialBalanceRow: {
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            account: string;
            balance: components["schemas"]["SignedMoney"];
            code: string;
            credits: components["schemas"]["Money"];
            debits: components["schemas"]["Money"];
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
        };
        VoidHold: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listErrorCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ErrorCode"][];
                    };
                };
            };
        };
    };
    getErrorCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorCode"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "up";
                    };
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            name: string;
                            says: string;
                        }[];
                        /** @enum {unknown} */
                        status: "ready" | "not_ready";
                    };
                };
            };
            /** @description Done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            name: string;
                            says: string;
                        }[];
                        /** @enum {unknown} */
                        status: "ready" | "not_ready";
                    };
                };
            };
        };
    };
    listAccounts: {
        parameters: {
            query: {
                /** @description the id of a book, such as book_7 */
                book: string;
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                starting_after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPage"];
                };
            };
        };
    };
    openAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccount"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    getAccount: {
        parameters: {
            query?: {
                /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
                at?: string;
            };
            header?: never;
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountWithBalances"];
                };
            };
        };
    };
    closeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    freezeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    getStatement: {
        parameters: {
            query?: {
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the number of a line */
                starting_after?: string;
            };
            header?: never;
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementPage"];
                };
            };
        };
    };
    unfreezeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    listBooks: {
        parameters: {
            query?: {
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the id of a book, such as book_7 */
                starting_after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookPage"];
                };
            };
        };
    };
    createBook: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBook"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    getBook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    closePeriod: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClosePeriod"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    getProofs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proofs"];
                };
            };
        };
    };
    getTrialBalance: {
        parameters: {
            query?: {
                /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
                at?: string;
            };
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrialBalance"];
                };
            };
        };
    };
    takeNotice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "taken";
                    };
                };
            };
        };
    };
    getHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hold"];
                };
            };
        };
    };
    releaseHold: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseHold"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    voidHold: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VoidHold"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    createTransfers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferRequest"] | components["schemas"]["TransferBatch"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"] | components["schemas"]["TransferBatchResult"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    getTransfer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransferRecord"];
                };
            };
        };
    };
}
